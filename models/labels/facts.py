"""What the labels say about the card and the terminal of each row, as columns."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """All as of the row's step, over verdicts in force that took effect within the 90 days of steps up to it.

    Days run from the event time of the fraud to the row's time. NaN where there is no such verdict. A last label is
    1 for fraud and 0 for genuine; within one step frauds count as the later ones.
    """

    card_genuine_count: Integers
    card_genuine_sum: Integers
    terminal_count_1d: Integers
    terminal_count_7d: Integers
    terminal_count_30d: Integers
    terminal_fraud_1d: Integers
    terminal_fraud_7d: Integers
    terminal_fraud_30d: Integers
    terminal_fraud_run: Integers
    """Frauds since the last genuine verdict."""
    card_genuine_sumsq: Doubles
    """The exact integer, rounded once."""
    card_days_since_fraud: Doubles
    card_last_label: Doubles
    terminal_days_since_first_fraud: Doubles
    """The earliest fraud of the episode: the newest frauds in force, back to a gap of more than 30 days of steps."""
    terminal_days_since_last_fraud: Doubles
    terminal_last_label: Doubles


INTEGERS: Final = 9
DOUBLES: Final = 6
