"""What is remembered of cards, and of verdicts on cards and terminals: lots go in, features come out.

Training, the scorer and every replay see transactions through this and nothing else.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.cards import CardBook
from models.features import Matrix, Places, features
from models.hashing import Hashes
from models.labels import LabelBook, LabelColumns
from schemas.lot.buffers import numbers


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What is known of each row of a lot as of its own time."""

    card: Hashes
    at: NDArray[np.int64]
    amount: NDArray[np.int64]
    """In minor units of the reference currency."""
    marks: NDArray[np.uint32]
    """Those of the lot, and what the folds found out."""
    features: Matrix


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """Rows of a partition come in the order of its log; how they are cut into lots cannot be seen.

    Labels come in any order, but before the rows that are to see them.
    """

    cards: CardBook
    labels: LabelBook
    places: Places

    def learn(self, labels: LabelColumns) -> None:
        self.labels.learn(labels)

    def remember(self, rows: pa.RecordBatch) -> None:
        """Rows that are not asked about."""
        self.cards.remember(rows)

    def see(self, rows: pa.RecordBatch) -> Sight:
        facts = self.cards.fold(rows)
        answers = self.labels.answers(facts.card, facts.terminal, facts.at)
        matrix = features(facts, answers, self.places)
        return Sight(facts.card, facts.at, facts.amount, numbers(rows["marks"]) | facts.marks, matrix)
