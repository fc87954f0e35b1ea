"""From logs to the table: the same folds and the same features as in the stream.

Labels are learned first, all of them: answers are as of each event's own step, so what became known later is not seen.
"""

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from models.cards import CardBook
from models.cards.terms import Terms
from models.features import Places
from models.hashing import hash_strings
from models.history.table import Table
from models.labels import LabelBook, LabelColumns, LabelParams
from models.memory import Memory
from models.money import Money
from models.rules import Limits, hits

LOT: Final = 10_000
"""Rows folded at once: more need more memory and gain nothing."""


def pieces(rows: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """In parts of the best size to be folded."""
    for first in range(0, rows.num_rows, LOT):
        yield rows.slice(first, LOT)


class Builder:
    def __init__(
        self,
        places: Places,
        *,
        terms: Terms | None = None,
        labels: LabelParams | None = None,
        money: Money | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._memory = Memory(CardBook(terms, money), LabelBook(labels), places)
        self._limits = limits or Limits()

    def learn(self, labels: LabelColumns) -> None:
        self._memory.learn(labels)

    def fold(self, rows: pa.RecordBatch) -> Table:
        seen = self._memory.see(rows)
        return Table(
            event_id=rows["event_id"],
            event=hash_strings(rows["event_id"]),
            card=seen.card,
            time=seen.at,
            amount=seen.amount,
            marks=seen.marks,
            features=seen.features,
            hits=hits(seen.features, self._limits),
        )
