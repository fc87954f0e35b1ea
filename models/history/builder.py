"""From logs to the table: the same folds and the same features as in the stream.

Labels are learned first, all of them: answers are as of each event's own step, so what became known later is not seen.
"""

import pyarrow as pa

from models.cards import CardBook
from models.cards.terms import Terms
from models.features import Places, features
from models.hashing import hash_strings
from models.history.table import Table
from models.labels import LabelBook, LabelColumns, LabelParams
from models.money import Money
from models.rules import Limits, hits
from schemas.lot.buffers import numbers


class Builder:
    """Rows of a partition are folded in the order of its log; how they are cut into lots cannot be seen."""

    def __init__(
        self,
        places: Places,
        *,
        terms: Terms | None = None,
        labels: LabelParams | None = None,
        money: Money | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._places, self._limits = places, limits or Limits()
        self._cards, self._labels = CardBook(terms, money), LabelBook(labels)

    def learn(self, labels: LabelColumns) -> None:
        self._labels.learn(labels)

    def fold(self, rows: pa.RecordBatch) -> Table:
        facts = self._cards.fold(rows)
        answers = self._labels.answers(facts.card, hash_strings(rows["terminal_id"]), facts.at)
        matrix = features(rows, facts, answers, self._places)
        return Table(
            event_id=rows["event_id"],
            event=hash_strings(rows["event_id"]),
            card=facts.card,
            time=facts.at.copy(),
            amount=facts.amount,
            marks=numbers(rows["marks"]) | facts.marks,
            features=matrix,
            hits=hits(matrix, self._limits),
        )
