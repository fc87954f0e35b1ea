"""What a model's rows look like: the histograms that go into its artefact, and how much they differ from day to day.

Made of the days that follow the training days, so that the score is that of rows the model has not learnt from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from models.drift.bins import Doubles, Integers, edges_of, used
from models.drift.causes import SCORE
from models.drift.excess import Distance, Unrest, distance
from models.drift.psi import Flags
from models.drift.tally import Tally
from models.drift.usual import WEEK, rows, usual
from schemas.errors import Usage

FEWEST_ROWS: Final = 2_000
"""On a day: then every bin has ten, and the index behaves as its theory says."""
FEWEST_DAYS: Final = 2 * WEEK
BINNED_ROWS: Final = 200_000
PRIOR_DAYS: Final = 7
"""So many days' worth of theory are added to what the reference says about how its days scatter."""
THURSDAY: Final = 3
"""The weekday of 1970-01-01."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """`weekdays` and `week` are counts by weekday, column and bin: of the whole reference, and of its last week."""

    names: tuple[str, ...]
    edges: Doubles
    weekdays: Integers
    week: Integers
    last_day: int
    unrest: Unrest

    @classmethod
    def of(cls, names: Sequence[str], matrix: Doubles, score: Doubles, day: Integers) -> Self:
        """Of whole days in a row; the first and the last given, which may be cut, are left out."""
        inner = np.flatnonzero((day > day.min()) & (day < day.max())) if len(day) else np.zeros(0, np.int64)
        sample = inner[:: max(1, len(inner) // BINNED_ROWS)]
        edges = edges_of(np.column_stack([matrix[sample], score[sample]]))
        tally = Tally(edges)
        tally.add(matrix[inner], score[inner], day[inner])
        days = _check(tally)
        counts = np.stack([tally.on(each) for each in days])
        order = [weekday_of(each) for each in days[-WEEK:]]
        return cls(
            names=(*names, SCORE),
            edges=edges,
            weekdays=_by_weekday(counts, days),
            week=counts[-WEEK:][np.argsort(order)],
            last_day=days[-1],
            unrest=_unrest(counts, days, used(edges)),
        )

    @property
    def used(self) -> Flags:
        return used(self.edges)


def weekday_of(day: int) -> int:
    """0 is Monday; days count from 1970-01-01."""
    return (day + THURSDAY) % WEEK


def _check(tally: Tally) -> list[int]:
    days = tally.days()
    poor = [day for day in days if rows(tally.on(day)) < FEWEST_ROWS]
    if len(days) < FEWEST_DAYS or days[-1] - days[0] >= len(days) or poor:
        raise Usage(
            f"the histograms for drift need {FEWEST_DAYS} whole days in a row with {FEWEST_ROWS:,} transactions each; "
            f"there are {len(days)} days, {len(poor)} of them with fewer",
            fix="give more data after the training days, or do without: the model then tells nothing about drift",
        )
    return days


def _by_weekday(counts: Integers, days: Sequence[int]) -> Integers:
    found = np.zeros((WEEK, *counts.shape[1:]), np.int64)
    np.add.at(found, [weekday_of(day) for day in days], counts)
    return found


def _unrest(counts: Integers, days: Sequence[int], inside: Flags) -> Unrest:
    """Each day from the second week on against the week before it and the other days of the reference."""
    weekdays = _by_weekday(counts, days)
    found = [_against_others(counts, days, at, weekdays, inside) for at in range(WEEK, len(days))]
    noise = np.array([each.noise for each in found])[:, None]
    chance = np.stack([each.psi / (each.bins * each.noise) for each in found])
    moved = np.stack([each.shift**2 / (each.spread * each.noise) for each in found])
    bins = found[0].bins
    index = np.maximum(chance.mean(axis=0), 1.0)
    varied = ((chance - chance.mean(axis=0)) ** 2).sum(axis=0) + PRIOR_DAYS * 2 * index**2 / bins
    freedom = 2 * index**2 * (len(found) - 1 + PRIOR_DAYS) / varied
    return Unrest(
        index=index,
        rank=np.maximum(moved.mean(axis=0), 1.0),
        freedom=np.clip(freedom, 0.5, bins),
        noise=float(noise.mean()),
    )


def _against_others(counts: Integers, days: Sequence[int], at: int, weekdays: Integers, inside: Flags) -> Distance:
    weekday = weekday_of(days[at])
    others = weekdays.copy()
    others[weekday] -= counts[at]
    order = np.argsort([weekday_of(day) for day in days[at - WEEK : at]])
    return distance(counts[at], usual(others, counts[at - WEEK : at][order], weekday, inside), inside)
