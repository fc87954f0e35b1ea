"""Intervals that respect that the transactions of a day belong together: whole days are drawn, not rows."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from models.judging.ranking import Integers

DRAWS: Final = 500
LEVEL: Final = 0.95


class Interval(NamedTuple):
    low: float
    middle: float
    high: float


def day_interval(
    day: Integers, figure: Callable[[Integers], float], *, seed: int, draws: int = DRAWS, level: float = LEVEL
) -> Interval:
    """`figure` gets row numbers, some of them several times. Paired comparisons are differences inside `figure`."""
    days, starts = np.unique(day, return_index=True)
    order = np.argsort(day, kind="stable")
    pieces = np.split(order, np.searchsorted(day[order], days[1:], side="left")) if len(starts) else []
    random = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        drawn = random.integers(0, len(pieces), len(pieces))
        found.append(figure(np.concatenate([pieces[each] for each in drawn])))
    outside = (1 - level) / 2
    low, middle, high = np.nanquantile(found, [outside, 0.5, 1 - outside])
    return Interval(float(low), float(middle), float(high))
