"""The draws of `day_interval`, for figures that add up over days: each day is weighed instead of its rows copied.

Sums by day are taken once; a draw is then a product with how often it drew each day. Average precision and ROC AUC
need the sums only at the scores that frauds have. The draws and the figures are those of the slow definition.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from models.judging.bootstrap import DRAWS, LEVEL, Interval
from models.judging.counts import Flags
from models.judging.ranking import Integers, Scores

Figures = NDArray[np.float64]
AT_ONCE: Final = 2_000_000
"""Numbers of one matrix; more draws are made in pieces."""


class Ranking(NamedTuple):
    """One entry per draw."""

    average_precision: Figures
    auc: Figures


@dataclass(frozen=True, slots=True)
class Draws:
    """`times`: how often each draw (row) drew each day (column); `which`: the day of each transaction."""

    times: Figures
    which: Integers

    @classmethod
    def of(cls, day: Integers, seed: int, draws: int = DRAWS) -> Self:
        days, which = np.unique(day, return_inverse=True)
        random, count = np.random.default_rng(seed), len(days)
        drawn = [np.bincount(random.integers(0, count, count), minlength=count) for _ in range(draws if count else 0)]
        return cls(np.array(drawn, np.float64).reshape(draws if count else 1, count), which.astype(np.int64))

    def sums(self, value: NDArray[Any]) -> Figures:
        """Of the drawn rows; exact for whole numbers below 2⁵³."""
        by_day = np.bincount(self.which, value.astype(np.float64), minlength=self.times.shape[1])
        summed: Figures = self.times @ by_day
        return summed

    def ratios(self, part: NDArray[Any], whole: NDArray[Any]) -> Figures:
        return _over(self.sums(part), self.sums(whole))

    def ranking(self, fraud: Flags, score: Scores) -> Ranking:
        levels = np.unique(score[fraud])
        if not len(levels):
            nothing = np.full(len(self.times), np.nan)
            return Ranking(nothing, nothing)
        place = np.searchsorted(levels, score, side="right") - 1
        tied = (place >= 0) & (score == levels[place])
        hits, ties = self._by_day(fraud, place, len(levels)), self._by_day(tied & ~fraud, place, len(levels))
        above = self._by_day(place >= 0, place, len(levels))[:, ::-1].cumsum(axis=1)[:, ::-1]
        genuine = self.sums(~fraud)[:, None]
        pieces = [
            _figures(times @ hits, times @ above, times @ ties, genuine[part])
            for part, times in self._pieces(len(levels))
        ]
        return Ranking(*(np.concatenate(each) for each in zip(*pieces, strict=True)))

    def _by_day(self, counted: Flags, place: Integers, levels: int) -> Figures:
        days = self.times.shape[1]
        cell = self.which[counted] * levels + place[counted]
        return np.bincount(cell, minlength=days * levels).reshape(days, levels).astype(np.float64)

    def _pieces(self, levels: int) -> Iterator[tuple[slice, Figures]]:
        step = max(AT_ONCE // levels, 1)
        for start in range(0, len(self.times), step):
            yield slice(start, start + step), self.times[start : start + step]


def interval(found: Figures, level: float = LEVEL) -> Interval:
    """Draws without a figure, such as those of days without fraud, are left out."""
    outside = (1 - level) / 2
    some = found[~np.isnan(found)]
    if not len(some):
        return Interval(np.nan, np.nan, np.nan)
    low, middle, high = np.quantile(some, [outside, 0.5, 1 - outside])
    return Interval(float(low), float(middle), float(high))


def _figures(hits: Figures, above: Figures, ties: Figures, genuine: Figures) -> Ranking:
    """Columns are the scores of frauds, lowest first."""
    found = hits[:, ::-1].cumsum(axis=1)[:, ::-1]
    frauds = found[:, 0]
    precision = _over(found, above, empty=0.0)
    below = genuine - (above - found) + ties / 2
    return Ranking(
        _over((hits * precision).sum(axis=1), frauds),
        _over((hits * below).sum(axis=1), frauds * genuine[:, 0]),
    )


def _over(part: Figures, whole: Figures, empty: float = np.nan) -> Figures:
    quotient = np.full(part.shape, empty)
    np.divide(part, whole, out=quotient, where=whole > 0)
    return quotient
