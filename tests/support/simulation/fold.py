"""A small scorer: per card a count, a sum and a chain of digests; decisions in JSON. Where it stands is its own.

The state of a partition is good for going on from only while its offset is not beyond what is committed. What was
computed for a lot is computed once; a partition that comes back is folded forward from where it was set aside, else
from the newest snapshot that is not beyond the committed offset, else from the beginning.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from consumer.epochs import Circumstances, Epochs
from consumer.lots import Fetched, Outgoing, Pending
from consumer.scoring import Scored, Tally
from models.decide import ModelRef

Cards = dict[bytes, tuple[int, int, int]]
Row = tuple[int, bytes, bytes]
DECISIONS, EPOCHS, INPUT, GROUP = "decisions", "epochs", "input", "scorers"


@dataclass
class Standing:
    offset: int
    cards: Cards


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
class SmallScorer:
    epochs: Epochs
    shelf: Shelf
    read: Callable[[int, int, int], Iterator[Row]]
    """Committed records of a partition, from an offset up to another."""
    current: Callable[[], tuple[str, str]]
    """The model and the churn generation of this moment."""
    takes_snapshot: Callable[[], bool]
    standings: dict[int, Standing] = field(default_factory=dict)

    def score(self, fetched: Fetched) -> Scored:
        model, churn = self.current()
        for partition, span in fetched.spans.items():
            standing = self.standings[partition] = self._at(partition, span.start)
            if self.takes_snapshot():
                self.shelf.put(partition, standing)
        records = self.records(fetched, model, churn)
        for partition, span in fetched.spans.items():
            self.standings[partition].offset = span.end
        return Scored(Pending(records, fetched.spans), Tally(len(records), {}, {}, {}, {}, {}, (), 0))

    def records(self, fetched: Fetched, model: str, churn: str) -> list[Outgoing]:
        now = Circumstances(ModelRef(model, "1", "d"), "p", 1, churn, ())
        begun = self.epochs.enter(fetched.spans, now)
        raw, said = fetched.raw, [_epoch(partition, record) for partition, record in begun.items()]
        for partition, offset, key, value in zip(raw.partition, raw.offset, raw.keys, raw.values, strict=True):
            said.append(self._decided(int(partition), (int(offset), key or b"", value or b""), model, churn))
        return said

    def _at(self, partition: int, committed: int) -> Standing:
        standing = self.standings.get(partition)
        if standing is None or standing.offset > committed:
            standing = self.shelf.newest(partition, committed)
        for row in self.read(partition, standing.offset, committed):
            fold(standing.cards, row)
        standing.offset = committed
        return standing

    def _decided(self, partition: int, row: Row, model: str, churn: str) -> Outgoing:
        count, total, chain = fold(self.standings[partition].cards, row)
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


def fold(cards: Cards, row: Row) -> tuple[int, int, int]:
    _, card, value = row
    count, total, chain = cards.get(card, (0, 0, 0))
    cards[card] = count + 1, total + int(value), crc32(value, chain)
    return cards[card]


def _epoch(partition: int, record: dict[str, object]) -> Outgoing:
    return Outgoing(EPOCHS, partition, None, json.dumps(record).encode(), [])
