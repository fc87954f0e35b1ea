"""Axes that suit shares, thresholds, counts and days, with ticks where people look for them."""

from math import ceil, floor, log10
from typing import Final

import numpy as np

from models.judging.ranking import Scores
from models.judging.svg import Axis

LEAST_SCORE: Final = 0.001
LEAST_BAND: Final = 0.0001
MOST_TICKS: Final = 10


def share(label: str) -> Axis:
    return Axis(label, 0.0, 1.0, [(each / 5, f"{each / 5:.1f}") for each in range(6)])


def thresholds(label: str) -> Axis:
    """Even in log-odds: most thresholds lie where scores are rare."""
    ticks = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99, 0.999)
    return Axis(label, LEAST_SCORE, 1 - LEAST_SCORE, [(each, f"{each:g}") for each in ticks], _log_odds)


def rare_share(label: str) -> Axis:
    ticks = [(10.0**power, f"{10.0**power:g}") for power in range(-4, 1)]
    return Axis(label, LEAST_BAND, 1.0, ticks, np.log10)


def counts(label: str, least: float, most: float) -> Axis:
    """Powers of ten."""
    low = floor(log10(max(least, 0.1)))
    high = max(ceil(log10(max(most, 1.0))), low + 1)
    ticks = [(10.0**power, f"{10.0**power:,g}" if power < 0 else f"{10**power:,}") for power in range(low, high + 1)]
    return Axis(label, 10.0**low, 10.0**high, ticks, np.log10)


def days(label: str, dates: list[str]) -> Axis:
    """One place a day; not every date has room."""
    every = max(ceil(len(dates) / MOST_TICKS), 1)
    ticks = [(float(place), date[5:]) for place, date in enumerate(dates) if place % every == 0]
    return Axis(label, -0.5, max(len(dates) - 0.5, 0.5), ticks)


def _log_odds(score: Scores) -> Scores:
    odds: Scores = np.log(score / (1.0 - score))
    return odds
