"""Whether a score of 0.3 means three in ten."""

from typing import Final, NamedTuple

import numpy as np

from models.judging.counts import Flags
from models.judging.ranking import Scores

BINS: Final = 20


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


def calibration_error(fraud: Flags, score: Scores, bins: int = BINS) -> float:
    """The mean distance of what was said from what was found, weighted by rows."""
    parts = reliability(fraud, score, bins)
    total = sum(part.rows for part in parts)
    return sum(part.rows * abs(part.said - part.found) for part in parts) / total if total else float("nan")


def brier(fraud: Flags, score: Scores) -> float:
    return float(np.mean((score - fraud) ** 2)) if len(score) else float("nan")
