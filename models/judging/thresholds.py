"""Where to review and where to block, from the scores of a period that neither trained nor judges.

Three kinds, because three departments ask: so much fraud must be found (recall), it should cost least (cost), so many
alerts can be worked on a day (budget). A threshold is always a score that occurred: that row and all above it are
flagged.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.judging.counts import Flags
from models.judging.ranking import Integers, Scores, curve

NOTHING: Final = 1.0 + 2.0**-52
"""Above every probability: flags nothing."""


@dataclass(frozen=True, slots=True)
class Costs:
    """In minor units of the reference currency. A fraud that is not flagged costs its amount."""

    review_minor: float = 400.0
    wrong_block_minor: float = 3_000.0


class Thresholds(NamedTuple):
    review_at: float
    block_at: float


def by_recall(fraud: Flags, score: Scores, wanted: float) -> float:
    """The highest threshold that finds at least this share of the fraud."""
    points = curve(fraud, score)
    frauds = int(np.count_nonzero(fraud))
    if not frauds:
        return NOTHING
    enough = np.nonzero(points.tp >= wanted * frauds)[0]
    return float(points.threshold[enough[0]])


def by_budget(score: Scores, day: Integers, alerts_per_day: float) -> float:
    """The lowest threshold that stays within the budget on average over the days."""
    points = curve(np.zeros(len(score), np.bool_), score)
    within = np.nonzero(points.fp <= alerts_per_day * len(np.unique(day)))[0]
    return float(points.threshold[within[-1]]) if len(within) else NOTHING


def by_cost(fraud: Flags, score: Scores, amount: Integers, costs: Costs) -> float:
    """Where reviewing everything at or above it, and losing the fraud below it, costs least."""
    points = curve(fraud, score)
    if not len(points.threshold):
        return NOTHING
    saved = _cumulated(np.where(fraud, amount, 0).astype(np.float64), score)
    spent = (points.tp + points.fp) * costs.review_minor
    gain = saved - spent
    best = int(np.argmax(gain))
    return float(points.threshold[best]) if gain[best] > 0 else NOTHING


def block_by_cost(fraud: Flags, score: Scores, review_at: float, costs: Costs) -> float:
    """Where blocking unseen saves more reviews than it costs in wronged customers; never below `review_at`."""
    alert = score >= review_at
    points = curve(fraud[alert], score[alert])
    if not len(points.threshold):
        return NOTHING
    gain = (points.tp + points.fp) * costs.review_minor - points.fp * costs.wrong_block_minor
    best = int(np.argmax(gain))
    return float(points.threshold[best]) if gain[best] > 0 else NOTHING


def cost(fraud: Flags, score: Scores, amount: Integers, at: Thresholds, costs: Costs) -> float:
    """What a period cost under these thresholds: lost amounts, reviews, wronged customers."""
    blocked = score >= at.block_at
    reviewed = (score >= at.review_at) & ~blocked
    lost = float(np.sum(np.where(fraud & ~blocked & ~reviewed, amount, 0)))
    return (
        lost
        + costs.review_minor * float(np.count_nonzero(reviewed))
        + costs.wrong_block_minor * float(np.count_nonzero(blocked & ~fraud))
    )


def _cumulated(value: NDArray[np.float64], score: Scores) -> NDArray[np.float64]:
    """Sum of the values at or above each distinct score, highest first."""
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    last = np.append(np.nonzero(np.diff(ranked))[0], len(ranked) - 1)
    total: NDArray[np.float64] = np.cumsum(value[order])[last]
    return total
