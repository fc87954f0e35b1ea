"""The feature matrix of a lot: one row per transaction, one column per entry of FEATURES.

Whole numbers and + - x / √ on doubles in a fixed order: the same row with the same facts has the same bits everywhere.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.card_features import fill_card_features
from models.cards import CardFacts
from models.feature_list import (
    FEATURE_VERSION,
    FEATURES,
    LABEL_FEATURES,
    POSITION,
    ROW_FEATURES,
    ROW_VERSION,
    Feature,
)
from models.label_features import fill_label_features
from models.labels import LabelFacts
from models.row_features import Places, fill_row_features
from schemas.lot.buffers import numbers
from schemas.lot.cells import cells

__all__ = [
    "FEATURES",
    "FEATURE_VERSION",
    "POSITION",
    "ROW_FEATURES",
    "ROW_VERSION",
    "Feature",
    "Matrix",
    "Places",
    "features",
    "row_features",
]

Matrix = NDArray[np.float64]


def row_features(rows: pa.RecordBatch, places: Places) -> Matrix:
    """What the transactions alone say: the first columns of the whole matrix."""
    matrix = np.empty((rows.num_rows, len(ROW_FEATURES)))
    times, amounts = numbers(rows["event_time"]).copy(), numbers(rows["amount_minor"]).copy()
    fill_row_features(cells(rows), times, amounts, places, matrix)
    return matrix


def features(cards: CardFacts, labels: LabelFacts | None, places: Places) -> Matrix:
    """Times are those as of which the rows were scored; without labels what rests on them is not known."""
    matrix = np.empty((len(cards.amount), len(FEATURES)))
    fill_row_features(cards.cells, cards.at, cards.amount, places, matrix)
    fill_card_features(cards, matrix)
    if labels:
        fill_label_features(labels, cards.amount, matrix)
    else:
        matrix[:, len(FEATURES) - len(LABEL_FEATURES) :] = np.nan
    return matrix
