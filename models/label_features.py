"""The features that come from what is known of a card and a terminal, row by row in a fixed order."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.feature_list import FEATURES, LABEL_FEATURES, LABEL_SPANS
from models.labels import LabelFacts
from models.labels.asking import (
    CARD_COUNT,
    CARD_LAST,
    CARD_SUM,
    COUNTS,
    FRAUD_COUNTS,
    RUN,
    SINCE_FIRST,
    SINCE_FRAUD,
    SINCE_LAST,
    SUMSQ,
    TERMINAL_LAST,
)
from schemas.compiled import bare

Matrix = NDArray[np.float64]
Integers = NDArray[np.int64]

BEGIN: Final = len(FEATURES) - len(LABEL_FEATURES)
SPANS: Final = len(LABEL_SPANS)
FEWEST_FOR_SPREAD: Final = 2


@bare
def write(integers: Integers, doubles: Matrix, amounts: Integers, matrix: Matrix) -> None:
    """In the order of LABEL_FEATURES."""
    for row in range(amounts.size):
        out, amount, count = matrix[row, BEGIN:], amounts[row], float(integers[row, CARD_COUNT])
        out[0] = out[1] = np.nan
        if count > 0.0:
            mean = integers[row, CARD_SUM] / count
            if mean > 0.0:
                out[1] = amount / mean
            if count >= FEWEST_FOR_SPREAD:
                squares = doubles[row, SUMSQ] - integers[row, CARD_SUM] * mean
                spread = np.sqrt(max(squares, 0.0) / (count - 1.0))
                if spread > 0.0:
                    out[0] = (amount - mean) / spread
        out[2], out[3] = doubles[row, SINCE_FRAUD], doubles[row, CARD_LAST]
        for span in range(SPANS):
            labels = integers[row, COUNTS + span]
            out[4 + span] = labels
            out[4 + SPANS + span] = integers[row, FRAUD_COUNTS + span] / labels if labels > 0 else np.nan
        rest = 4 + 2 * SPANS
        out[rest], out[rest + 1] = doubles[row, SINCE_FIRST], doubles[row, SINCE_LAST]
        out[rest + 2], out[rest + 3] = integers[row, RUN], doubles[row, TERMINAL_LAST]


def fill_label_features(labels: LabelFacts, amounts: Integers, matrix: Matrix) -> None:
    """In the last columns."""
    write(labels.integers, labels.doubles, amounts, matrix)
