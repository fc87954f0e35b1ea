"""From a score to an outcome: the thresholds at which a transaction is reviewed and blocked."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from models.numbers import Doubles


class Outcome(IntEnum):
    """In the order of the contract's symbols."""

    APPROVE = 0
    REVIEW = 1
    BLOCK = 2

    @property
    def symbol(self) -> str:
        return self.name.lower()


APPROVE, REVIEW, BLOCK = (np.int8(outcome) for outcome in Outcome)
"""As columns hold them: to compare a column with a member of an enum takes longer than all the rest."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A score equal to a threshold has reached it."""

    review_at: float = 0.5
    block_at: float = 0.9

    @property
    def name(self) -> str:
        """In the shortest digits that have the same bits."""
        return f"thresholds-1 review_at={self.review_at!r} block_at={self.block_at!r}"

    def outcomes(self, scores: Doubles, block_at: Doubles | None = None) -> NDArray[np.int8]:
        """`block_at` where rows have thresholds of their own, none below the policy's."""
        blocking = self.block_at if block_at is None else block_at
        reached = (scores >= self.review_at).astype(np.int8) + (scores >= blocking)
        return reached.astype(np.int8)
