"""What a card did of late and what became of it, read back from the log in pieces, within bounds.

A card's transactions stand in one partition. It is read from its end, or, for a transaction that lies too far back for
that, from there. How far was looked is part of what is found: what is not in it may still be in the log.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import pyarrow as pa

from consumer.replaying.archive import Archive
from consumer.replaying.outcomes import Answered, Asked, Became, outcomes
from consumer.replaying.search import Place
from consumer.skips import decoded
from schemas.errors import Usage
from schemas.lot import Raw
from schemas.partitioner import partition as partition_of
from schemas.reading import may_hold

OFFSETS: Final = 2
"""Of each answer at most: a transaction's end has one as well, and a lone answer is one transaction."""


class Ended(StrEnum):
    """Where looking back did: as many as were asked for, where the log begins, or a bound."""

    LIMIT = "limit"
    BEGINNING = "beginning"
    BOUND = "bound"


@dataclass(frozen=True, slots=True)
class Bounds:
    """So many transactions, out of so many records; within so many seconds, and as many again for their outcomes."""

    rows: int
    records: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Transaction:
    """`fields` are those of the contract, with partition, offset and timestamp; times in milliseconds."""

    fields: Mapping[str, Any]
    became: Became


@dataclass(frozen=True, slots=True)
class CardHistory:
    """The newest first; all there are of the card in [back_to, before). `back_to_ms` is the time of that record."""

    partition: int
    before: int
    back_to: int
    back_to_ms: int | None
    ended: Ended
    transactions: Sequence[Transaction]


def card_history(archive: Archive, answered: Answered, card: str, place: Place | None, bounds: Bounds) -> CardHistory:
    """`place` is of a transaction that is to be among them. Raises Usage for a partition that is none."""
    seen = _Seen(archive, card, place, bounds)
    seen.look()
    until = time.monotonic() + bounds.seconds
    events = {each["offset"]: each["event_id"] for each in seen.rows}
    asked = Asked(card.encode(), seen.partition, events, bounds.records * OFFSETS, until)
    became = outcomes(archive, answered, asked)
    found = [Transaction(each, became[each["offset"]]) for each in reversed(seen.rows)]
    return CardHistory(seen.partition, seen.before, seen.back_to, seen.back_to_ms, seen.ended, found)


class _Seen:
    """`rows` in the order of the log."""

    def __init__(self, archive: Archive, card: str, place: Place | None, bounds: Bounds) -> None:
        self._archive, self._card, self._bounds = archive, card, bounds
        log = archive.transactions
        settings = archive.settings
        self.partition = place[0] if place else partition_of(card.encode(), len(log.ends), settings.kafka.partitioner)
        if self.partition not in log.ends:
            raise Usage(f"there is no partition {self.partition}", fix=f"there are {len(log.ends)}, from 0 on")
        begin, end = log.begins[self.partition], log.ends[self.partition]
        self._at = place[1] if place and begin <= place[1] < end else None
        far = self._at is not None and end - self._at > bounds.records // 2
        self.before = self._at + 1 if far and self._at is not None else end
        self.rows: list[dict[str, Any]] = []
        self.back_to = self.before
        self.back_to_ms: int | None = None
        self.ended = Ended.BEGINNING

    def look(self) -> None:
        log, until = self._archive.transactions, time.monotonic() + self._bounds.seconds
        for start, batches in log.back(self.partition, self.before, self._bounds.records):
            self._take(start, batches)
            if self._enough() or time.monotonic() > until:
                break
        if self.back_to > log.begins[self.partition]:
            self.ended = Ended.BOUND
        self._cut()

    def _take(self, start: int, batches: Any) -> None:  # noqa: ANN401 - the client's messages
        wanted, likely, first = self._card.encode(), [], None
        for messages in batches:
            first = messages[0] if first is None else first
            likely += [each for each in messages if may_hold(each.value(), wanted)]
        self.back_to = start
        if first is not None:
            self.back_to_ms = time_of(first.timestamp()[1])
        self.rows[:0] = self._own(likely)

    def _own(self, messages: Sequence[Any]) -> list[dict[str, Any]]:
        """What the scorer would refuse, or was told to pass over, is nobody's."""
        if not messages:
            return []
        rows = decoded(self._archive.decoder, Raw.of(messages), self._archive.ordered.standing).rows
        at = rows.schema.get_field_index("event_time")
        plain = rows.set_column(at, "event_time", rows["event_time"].cast(pa.int64())).to_pylist()
        return [each for each in plain if each["card_id"] == self._card]

    def _later(self) -> int:
        return 0 if self._at is None else sum(each["offset"] > self._at for each in self.rows)

    def _enough(self) -> bool:
        later, most = self._later(), self._bounds.rows
        return len(self.rows) - later >= most - min(later, most // 2 if self._at is not None else 0)

    def _cut(self) -> None:
        """At most half of them came after the transaction that is to be among them."""
        over = self._later() - self._bounds.rows // 2
        if over > 0:
            self.before = self.rows[-over]["offset"]
            del self.rows[-over:]
        if self._enough():
            self.rows = self.rows[-self._bounds.rows :]
            oldest = self.rows[0]
            self.back_to, self.back_to_ms, self.ended = oldest["offset"], time_of(oldest["timestamp"]), Ended.LIMIT


def time_of(timestamp: int) -> int | None:
    """Records of old producers have none."""
    return timestamp if timestamp >= 0 else None
