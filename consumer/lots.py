"""What moves through the loop: what was fetched, and what is to be published for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Protocol

import numpy as np

from schemas.lot import Raw

Headers = list[tuple[str, bytes | None]]


class Message(Protocol):
    """The part of a Kafka message that outlives decoding: its headers go along with decisions and dead letters."""

    def headers(self) -> Sequence[tuple[str, bytes | None]] | None: ...


def headers_of(message: Message) -> Headers | None:
    """None: they cannot be read, since Kafka takes names that are not text and the client does not."""
    try:
        return list(message.headers() or [])
    except (UnicodeError, SystemError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class Span:
    """`start` is the offset to be committed before a lot, `end` the one after it; `first` is its first record's.

    `text` is committed together with `end`; until a lot is scored, what was committed with `start`. `epoch` is the
    leader's of the last record, where the broker told it.
    """

    start: int
    first: int
    end: int
    text: str = ""
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """Records of owned partitions, in order.

    `raw` are those at or above their positions, which are to be answered, each with its message. `past` are records
    below: they were answered already, and only what is remembered of cards has to hear of them again.
    """

    topic: str
    raw: Raw
    messages: Sequence[Message]
    spans: Mapping[int, Span]
    past: Raw | None = None


def first_offsets(raw: Raw) -> dict[int, int]:
    """By partition."""
    partitions, firsts = np.unique(raw.partition, return_index=True)
    return dict(zip(partitions.tolist(), raw.offset[firsts].tolist(), strict=True))


Call = tuple[str, bytes | None, bytes | None, int, Headers]
"""What the client is told of a record: topic, value, key, partition, headers."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to write. Its partition number is that of the input record it answers."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    def calls(self) -> Iterable[Call]:
        return [(self.topic, self.value, self.key, self.partition, self.headers)]

    def only(self, partitions: frozenset[int]) -> "Outgoing | None":
        return self if self.partition in partitions else None


@dataclass(frozen=True, slots=True)
class Sheaf:
    """Many records for one topic, in columns; like one record, each has the partition number of what it answers."""

    topic: str
    partitions: list[int]
    keys: list[bytes]
    values: list[bytes]
    headers: list[Headers]

    def __len__(self) -> int:
        return len(self.values)

    def calls(self) -> Iterable[Call]:
        return zip(repeat(self.topic), self.values, self.keys, self.partitions, self.headers, strict=False)

    def only(self, partitions: frozenset[int]) -> "Sheaf | None":
        kept = [place for place, each in enumerate(self.partitions) if each in partitions]
        return self.at(kept) if kept else None

    def at(self, places: Sequence[int], topic: str | None = None) -> "Sheaf":
        """The records at these places alone, for another topic where one is named."""
        return Sheaf(
            topic or self.topic,
            [self.partitions[each] for each in places],
            [self.keys[each] for each in places],
            [self.values[each] for each in places],
            [self.headers[each] for each in places],
        )


@dataclass(frozen=True, slots=True)
class Pending:
    """A computed lot that is not committed yet. It is never computed again, only published again."""

    records: Sequence[Outgoing | Sheaf]
    spans: Mapping[int, Span]

    def still_at(self, positions: Mapping[int, int]) -> "Pending":
        """Without partitions that went away or moved on: whoever has them answers them."""
        if all(positions.get(partition) == span.start for partition, span in self.spans.items()):
            return self
        return self.only(frozenset(each for each, span in self.spans.items() if positions.get(each) == span.start))

    def only(self, partitions: frozenset[int]) -> "Pending":
        kept = (record.only(partitions) for record in self.records)
        return Pending(
            [each for each in kept if each is not None],
            {partition: span for partition, span in self.spans.items() if partition in partitions},
        )
