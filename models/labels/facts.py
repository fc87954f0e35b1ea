"""What the labels say about the card and the terminal of each row, as columns."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Doubles = NDArray[np.float64]

INTEGERS: Final = (
    "card_genuine_count",
    "card_genuine_sum",
    "terminal_count_1d",
    "terminal_count_7d",
    "terminal_count_30d",
    "terminal_fraud_1d",
    "terminal_fraud_7d",
    "terminal_fraud_30d",
    "terminal_fraud_run",
)
"""The last: frauds since the last genuine verdict."""
DOUBLES: Final = (
    "card_genuine_sumsq",
    "card_days_since_fraud",
    "card_last_label",
    "terminal_days_since_first_fraud",
    "terminal_days_since_last_fraud",
    "terminal_last_label",
)
"""The first: the exact integer, rounded once. The first fraud is the earliest of the episode: the newest frauds in
force, back to a gap of more than 30 days of steps.
"""
NAMES: Final = (*INTEGERS, *DOUBLES)


@dataclass(frozen=True, slots=True, eq=False)
class LabelFacts:
    """All as of the row's step, over verdicts in force that took effect within the 90 days of steps up to it.

    Days run from the event time of the fraud to the row's time. NaN where there is no such verdict. A last label is
    1 for fraud and 0 for genuine; within one step frauds count as the later ones.
    """

    integers: Integers
    """A column for each of INTEGERS."""
    doubles: Doubles
    """A column for each of DOUBLES."""

    def __getattr__(self, name: str) -> NDArray[Any]:
        """Each column by its name."""
        if name in INTEGERS:
            return self.integers[:, INTEGERS.index(name)]
        if name in DOUBLES:
            return self.doubles[:, DOUBLES.index(name)]
        raise AttributeError(name)
