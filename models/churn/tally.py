"""How often each score was given: mean, deciles and drift follow exactly, in the same memory for any number of rows."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.churn.packed import Scores
from models.drift.psi import psi, shares
from schemas.churn import DECILES, SCALE
from schemas.compiled import compiled

Counts = NDArray[np.int64]


class Tally:
    """Scores are millionths, so there are a million and one of them: 8 MB."""

    def __init__(self) -> None:
        self._counts: Counts = np.zeros(SCALE + 1, np.int64)

    def add(self, scores: Scores) -> None:
        count(scores, self._counts)

    @property
    def rows(self) -> int:
        return int(self._counts.sum())

    @property
    def mean(self) -> int:
        """Rounded half up. There must be a row."""
        total = int(self._counts @ np.arange(SCALE + 1))
        return (2 * total + self.rows) // (2 * self.rows)

    @property
    def highest(self) -> int:
        return int(np.flatnonzero(self._counts)[-1])

    @property
    def lowest(self) -> int:
        return int(np.flatnonzero(self._counts)[0])

    def quantiles(self) -> tuple[int, ...]:
        """Nine scores: of the rows in order, those that begin the second to the tenth tenth."""
        places = np.arange(1, DECILES) * self.rows // DECILES
        return tuple(int(each) for each in np.searchsorted(np.cumsum(self._counts), places, side="right"))

    def deciles(self, quantiles: Sequence[int]) -> tuple[int, ...]:
        """How many rows are in each decile by these bounds, which may be another generation's."""
        below = np.concatenate(([0], np.cumsum(self._counts)))[[0, *quantiles, SCALE + 1]]
        return tuple(int(each) for each in np.diff(below))


def drift(seen: Sequence[int], usual: Sequence[int]) -> float:
    """The population stability index of two generations, both counted by the deciles of the earlier one."""
    used = np.ones(DECILES, np.bool_)
    now, then = (shares(np.array(each, np.int64), used) for each in (seen, usual))
    return float(psi(now, then))


@compiled
def count(scores: Scores, counts: Counts) -> None:
    for row in range(scores.size):
        counts[scores[row]] += 1
