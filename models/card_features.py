"""The features that come from a card's past, row by row in a fixed order."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.cards import CardFacts
from models.cards.layout import (
    AT,
    COUNTS,
    HIGHEST,
    MEDIAN_TWICE,
    NEW_COUNTRY,
    NEW_DEVICE,
    OUTLIERS,
    PLACE_TIME,
    PREVIOUS,
    TOTALS,
    Ints,
)
from models.feature_list import CARD_FEATURES, ROW_FEATURES, SPANS
from schemas.compiled import bare

Matrix = NDArray[np.float64]

WINDOWS: Final = len(SPANS)
BEGIN: Final = len(ROW_FEATURES)
COLUMNS: Final = len(CARD_FEATURES)
LONGEST: Final = WINDOWS - 1
HOUR_MS: Final = 3_600_000
SHORTEST_TRIP_MS: Final = 60_000
"""Two places within a minute count as a minute apart: clocks are not better than that."""


@bare
def write(found: Ints, amounts: Ints, km: Matrix, matrix: Matrix) -> None:  # noqa: C901
    """In the order of CARD_FEATURES."""
    for row in range(amounts.size):
        at, amount, out = found[row, AT], amounts[row], matrix[row, BEGIN:]
        for window in range(WINDOWS):
            out[window] = found[row, COUNTS + window]
            out[WINDOWS + window] = found[row, TOTALS + window] / found[row, COUNTS + window]
        for column in range(2 * WINDOWS, COLUMNS):
            out[column] = np.nan
        others, total = found[row, COUNTS + LONGEST] - 1, found[row, TOTALS + LONGEST] - amount
        if others > 0 and total > 0:
            out[2 * WINDOWS] = amount / (total / others)
        if found[row, MEDIAN_TWICE] > 0:
            out[2 * WINDOWS + 1] = (2 * amount) / found[row, MEDIAN_TWICE]
        if found[row, HIGHEST] > 0:
            out[2 * WINDOWS + 2] = amount / found[row, HIGHEST]
        out[2 * WINDOWS + 3] = found[row, OUTLIERS]
        if found[row, PREVIOUS] >= 0:
            out[2 * WINDOWS + 4] = (at - found[row, PREVIOUS]) / HOUR_MS
        if found[row, NEW_DEVICE] >= 0:
            out[2 * WINDOWS + 5] = found[row, NEW_DEVICE]
        if found[row, NEW_COUNTRY] >= 0:
            out[2 * WINDOWS + 6] = found[row, NEW_COUNTRY]
        if found[row, PLACE_TIME] >= 0:
            out[2 * WINDOWS + 7] = km[row] / (max(at - found[row, PLACE_TIME], SHORTEST_TRIP_MS) / HOUR_MS)


def fill_card_features(cards: CardFacts, matrix: Matrix) -> None:
    """In the columns after those of the row."""
    write(cards.found, cards.amount, cards.kilometres, matrix)
