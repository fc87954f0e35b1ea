"""How much of each row is flagged: all or nothing at a threshold, a share where equal scores meet a quota."""

from typing import NamedTuple, Self

import numpy as np

from models.judging.counts import Flags
from models.judging.ranking import Integers, Scores
from models.judging.thresholds import Costs, Thresholds


class Shares(NamedTuple):
    """`alert` is what is reviewed or blocked, `block` what is blocked; never more of a row than is an alert."""

    alert: Scores
    block: Scores

    @classmethod
    def at(cls, score: Scores, at: Thresholds) -> Self:
        return cls((score >= at.review_at).astype(np.float64), (score >= at.block_at).astype(np.float64))

    @classmethod
    def as_many(cls, score: Scores, other: "Shares") -> Self:
        """As many alerts and blocks as the other has, of the highest scores: what two rankings find at equal work."""
        return cls(highest(score, float(other.alert.sum())), highest(score, float(other.block.sum())))


def highest(score: Scores, count: float) -> Scores:
    """Rows with the score at the edge are flagged in equal parts, which is what a draw among them finds on average."""
    if count <= 0 or not len(score):
        return np.zeros(len(score))
    place = max(len(score) - int(np.ceil(count)), 0)
    edge = np.partition(score, place)[place]
    above, tied = score > edge, score == edge
    part = min((count - np.count_nonzero(above)) / np.count_nonzero(tied), 1.0)
    flagged: Scores = above + tied * part
    return flagged


def row_costs(fraud: Flags, amount: Integers, shares: Shares, costs: Costs) -> Scores:
    """What each row costs: a fraud passed, a review, a customer wronged. They add up to `thresholds.cost`."""
    lost = np.where(fraud, amount, 0) * (1.0 - np.maximum(shares.alert, shares.block))
    reviews = np.maximum(shares.alert - shares.block, 0.0) * costs.review_minor
    return lost + reviews + np.where(fraud, 0.0, shares.block) * costs.wrong_block_minor
