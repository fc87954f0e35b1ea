"""Whether a score of 0.3 means three in ten."""

from typing import Final, NamedTuple

import numpy as np

from models.judging.counts import Flags
from models.judging.ranking import Scores

BINS: Final = 20
BANDS: Final = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Narrow where most rows are and where thresholds lie; bins of equal size would hold every alert in one."""


class Bin(NamedTuple):
    rows: int
    said: float
    found: float


def reliability(fraud: Flags, score: Scores, bins: int = BINS) -> list[Bin]:
    """As many rows in each bin as possible; equal scores are never split."""
    if not len(score):
        return []
    upper = np.unique(np.quantile(score, np.linspace(0, 1, bins + 1)[1:], method="inverted_cdf"))
    which = np.searchsorted(upper, score, side="left")
    rows = np.bincount(which)
    said, found = np.bincount(which, score), np.bincount(which, fraud)
    return [Bin(int(n), float(s / n), float(f / n)) for n, s, f in zip(rows, said, found, strict=True) if n]


def banded(fraud: Flags, score: Scores) -> list[tuple[float, float, Bin]]:
    """From which score to below which, and what was said and found there; the last band holds its upper end."""
    which = np.minimum(np.searchsorted(BANDS, score, side="right") - 1, len(BANDS) - 2)
    many = len(BANDS) - 1
    rows, said, found = (np.bincount(which, each, many) for each in (np.ones(len(score)), score, fraud))
    parts = zip(BANDS, BANDS[1:], rows, said, found, strict=False)
    return [(low, high, Bin(int(n), float(s / n), float(f / n))) for low, high, n, s, f in parts if n]


def calibration_error(fraud: Flags, score: Scores, bins: int = BINS) -> float:
    """The mean distance of what was said from what was found, weighted by rows."""
    parts = reliability(fraud, score, bins)
    total = sum(part.rows for part in parts)
    return sum(part.rows * abs(part.said - part.found) for part in parts) / total if total else float("nan")


def brier(fraud: Flags, score: Scores) -> float:
    return float(np.mean((score - fraud) ** 2)) if len(score) else float("nan")
