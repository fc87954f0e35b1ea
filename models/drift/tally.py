"""What was seen on each day, as whole counts: adding is all that ever happens, so any split of the rows adds up."""

from collections.abc import Mapping
from typing import Final, Self

import numpy as np

from models.drift.bins import WIDTH, Doubles, Integers, count
from models.numbers import tidy
from schemas.errors import Misconfigured

DAYS: Final = "drift_days"
COUNTS: Final = "drift_counts"
EDGES: Final = "drift_edges"
Arrays = Mapping[str, Doubles | Integers]


class Tally:
    """Counts by day, column and bin. A day takes some 10 kB. The score is the last column.

    Days are numbers of local days, as `local_hours_and_days` gives them.
    """

    def __init__(self, edges: Doubles) -> None:
        self._edges = np.ascontiguousarray(edges)
        self._counts: dict[int, Integers] = {}

    @classmethod
    def of(cls, edges: Doubles, arrays: Arrays) -> Self:
        """What `arrays` gave; refused if it was counted in other bins."""
        if not np.array_equal(arrays[EDGES], edges):
            raise Misconfigured(
                "the drift counts belong to another model: their bins are different",
                fix="keep the counts of each model apart, and begin with empty ones for a new model",
            )
        found = cls(edges)
        found._counts = {int(day): counts.copy() for day, counts in zip(arrays[DAYS], arrays[COUNTS], strict=True)}
        return found

    def arrays(self) -> dict[str, Doubles | Integers]:
        days = self.days()
        counts = [self._counts[day] for day in days]
        stacked = np.stack(counts) if counts else np.zeros((0, *self._edges.shape), np.int64)
        return {DAYS: np.array(days, np.int64), COUNTS: stacked, EDGES: self._edges}

    def add(self, matrix: Doubles, score: Doubles, day: Integers) -> None:
        """One row, score and day per transaction, in any order."""
        if not len(day):
            return
        slot, first, last = np.zeros(len(day), np.int64), int(day.min()), int(day.max())
        if first == last:
            if first not in self._counts:
                self._counts[first] = self._nothing()
            self._count(matrix, score, slot, self._counts[first][None])
        else:
            days, slot = np.unique(day, return_inverse=True)
            fresh = np.zeros((len(days), *self._edges.shape), np.int64)
            self._count(matrix, score, slot, fresh)
            self._add(days, fresh)

    def merge(self, other: "Tally") -> None:
        """What another partition or worker counted."""
        given = Tally.of(self._edges, other.arrays()).arrays()
        self._add(given[DAYS].astype(np.int64), given[COUNTS].astype(np.int64))

    def forget(self, before: int) -> None:
        """Days before that one."""
        self._counts = {day: counts for day, counts in self._counts.items() if day >= before}

    def days(self) -> list[int]:
        return sorted(self._counts)

    def on(self, day: int) -> Integers:
        """Counts by column and bin, zero on a day without rows."""
        return self._counts.get(day, self._nothing())

    def _nothing(self) -> Integers:
        return np.zeros((len(self._edges), WIDTH), np.int64)

    def _count(self, matrix: Doubles, score: Doubles, slot: Integers, counts: Integers) -> None:
        count(tidy(matrix), 0, slot, self._edges, counts)
        count(tidy(score).reshape(-1, 1), matrix.shape[1], slot, self._edges, counts)

    def _add(self, days: Integers, fresh: Integers) -> None:
        for day, counts in zip(days.tolist(), fresh, strict=True):
            if day in self._counts:
                self._counts[day] += counts
            else:
                self._counts[day] = counts
