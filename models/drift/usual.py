"""What a day should look like: its weekday's shape in the reference, moved to where the week before stood.

So weekdays are compared with weekdays, and the seasons, which move slowly, are in the week before.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from models.drift.bins import Doubles, Integers
from models.drift.psi import Flags, shares

WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Usual:
    """Shares by column and bin; `noise` is what chance adds to a squared relative difference, 1/n and the like."""

    shares: Doubles
    noise: float


def usual(weekdays: Integers, week: Integers, weekday: int, used: Flags) -> Usual:
    """Both by weekday, column and bin: `weekdays` of the whole reference, `week` of one day each, the newest."""
    shape, level = shares(weekdays, used), shares(week, used)
    middle = shape.mean(axis=0)
    raised = np.divide(shape[weekday] * level.mean(axis=0), middle, out=np.zeros_like(middle), where=used)
    return Usual(
        shares=raised / raised.sum(axis=-1, keepdims=True),
        noise=float(1 / rows(weekdays[weekday]) + (1 / rows(week)).mean() / WEEK),
    )


def rows(counts: Integers) -> Doubles:
    """How many rows were counted; every row is in each column once."""
    found: Doubles = counts[..., 0, :].sum(axis=-1).astype(np.float64)
    return found
