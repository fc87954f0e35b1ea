"""What a wrong block costs grows with the probability that the customer is about to leave, and with what it is worth.

A transaction is blocked where a wrong block is to be expected to cost no more than at the policy's own threshold, for a
customer of whom nothing is known. With c the probability, v what a customer is worth and w the cost of a wrong block:

    growth = 1 + v * c / w                 (1 - threshold) * growth = 1 - block_at
    threshold = 1 - (1 - block_at) / growth

So the threshold is never below `block_at`, and there where nothing is known of churn. Reviews are not touched: churn
never hides a suspicion.
"""

from dataclasses import dataclass

import numpy as np

from models.churn.packed import UNKNOWN
from models.churn.weighed import Churn
from models.numbers import Doubles
from schemas.churn import SCALE


@dataclass(frozen=True, slots=True)
class Sparing:
    """In minor units of the reference currency; older generations than `max_age_ms` are stale."""

    customer_value_minor: int
    wrong_block_minor: int
    max_age_ms: int

    def block_at(self, usual: float, churn: Churn) -> Doubles:
        """By row, the score from which it is blocked."""
        probability = np.where(churn.weighed == UNKNOWN, 0, churn.weighed) / float(SCALE)
        growth = 1.0 + self.customer_value_minor * probability / self.wrong_block_minor
        return np.maximum(1.0 - (1.0 - usual) / growth, usual)
