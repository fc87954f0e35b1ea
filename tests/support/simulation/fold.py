"""A small scorer: per card a count, a sum and a chain of digests; decisions in JSON. Where it stands is its own.

The state of a partition is good for going on from only while its offset is not beyond what is committed: what was set
aside when it went, else the newest such snapshot, else nothing and the whole log.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from consumer.epochs import Circumstances, Epochs
from consumer.life import Life
from consumer.lots import Fetched, Outgoing, Pending
from consumer.point import Point
from consumer.scoring import Scored, Tally
from models.decide import ModelRef
from schemas.lot import Raw

Cards = dict[bytes, tuple[int, int, int]]
Row = tuple[int, bytes, bytes]
DECISIONS, EPOCHS, INPUT, GROUP = "decisions", "epochs", "input", "scorers"


@dataclass
class Standing:
    """`offset` is the next to be folded."""

    offset: int
    cards: Cards = field(default_factory=dict)
    ours: bool = True


@dataclass
class Shelf:
    """Snapshots of all partitions, which every worker can read."""

    kept: dict[int, list[tuple[int, Cards]]] = field(default_factory=dict)

    def put(self, partition: int, standing: Standing) -> None:
        self.kept.setdefault(partition, []).append((standing.offset, dict(standing.cards)))

    def newest(self, partition: int, committed: int) -> Standing:
        fitting = [each for each in self.kept.get(partition, []) if each[0] <= committed]
        offset, cards = max(fitting, key=lambda each: each[0], default=(0, {}))
        return Standing(offset, dict(cards))


@dataclass
class SmallState:
    """What the source and the worker ask of a state."""

    shelf: Shelf
    due: Callable[[], bool]
    """Whether a snapshot is to be taken now."""
    standings: dict[int, Standing] = field(default_factory=dict)
    labels: Any = None
    oldest_ms: int | None = None
    cards: int = 0
    nbytes: int = 0

    def begins(self, partition: int) -> None:
        """Anything may be a new group."""

    def restore(self, partition: int, committed: Point) -> Point | None:
        """Now and then it is not known yet."""
        if self.due():
            return None
        standing = self.standings.get(partition)
        if standing is None or standing.offset > committed.offset:
            standing = self.shelf.newest(partition, committed.offset)
        standing.ours = True
        self.standings[partition] = standing
        return Point(standing.offset)

    def disown(self, partition: int) -> None:
        """No log is cut here."""

    def leave(self, partition: int) -> None:
        if partition in self.standings:
            self.standings[partition].ours = False

    def write_due(self, label_offsets: Mapping[int, int]) -> None:
        for partition, standing in self.standings.items():
            if standing.ours and self.due():
                self.shelf.put(partition, standing)

    def close(self, label_offsets: Mapping[int, int]) -> None:
        self.write_due(label_offsets)

    def fold(self, partition: int, row: Row) -> tuple[int, int, int]:
        offset, card, value = row
        standing = self.standings[partition]
        standing.offset = offset + 1
        count, total, chain = standing.cards.get(card, (0, 0, 0))
        standing.cards[card] = count + 1, total + int(value), crc32(value, chain)
        return standing.cards[card]


class NoLabels:
    def begin(self, since_ms: int, *, life: Life) -> bool:
        return True

    def catch_up(self, book: Any, life: Life) -> bool:
        return True

    def between_lots(self, book: Any, oldest_ms: int | None) -> None:
        """There are none."""

    def offsets(self) -> dict[int, int]:
        return {}


@dataclass
class SmallScorer:
    epochs: Epochs
    state: SmallState
    current: Callable[[], tuple[str, str]]
    """The model and the churn generation of this moment."""
    labels: NoLabels = field(default_factory=NoLabels)

    def score(self, fetched: Fetched) -> Scored | None:
        for partition, row in rows(fetched.past):
            self.state.fold(partition, row)
        if not fetched.messages:
            return None
        records = self.records(fetched, *self.current())
        return Scored(Pending(records, fetched.spans), Tally(len(records), {}, {}, {}, {}, {}, (), 0))

    def records(self, fetched: Fetched, model: str, churn: str) -> list[Outgoing]:
        now = Circumstances(ModelRef(model, "1", "d"), "p", 1, churn, ())
        begun = self.epochs.enter(fetched.spans, now)
        decided = [self._decided(partition, row, model, churn) for partition, row in rows(fetched.raw)]
        return [_epoch(partition, record) for partition, record in begun.items()] + decided

    def _decided(self, partition: int, row: Row, model: str, churn: str) -> Outgoing:
        count, total, chain = self.state.fold(partition, row)
        said: dict[str, Any] = {
            "offset": row[0],
            "card": row[1].decode(),
            "count": count,
            "total": total,
            "chain": chain,
            "model": model,
            "churn": churn,
            "score": crc32(f"{chain} {model} {churn}".encode()),
            "epoch": self.epochs.first_offset(partition),
        }
        return Outgoing(DECISIONS, partition, row[1], json.dumps(said).encode(), [])


def rows(raw: Raw | None) -> Iterator[tuple[int, Row]]:
    if raw is not None:
        for partition, *row in zip(raw.partition, raw.offset, raw.keys, raw.values, strict=True):
            yield int(partition), (int(row[0]), row[1] or b"", row[2] or b"")


def _epoch(partition: int, record: dict[str, object]) -> Outgoing:
    return Outgoing(EPOCHS, partition, None, json.dumps(record).encode(), [])
