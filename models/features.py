"""The feature matrix of a lot: one row per transaction, one column per entry of FEATURES.

Whole numbers and + - x / √ on doubles in a fixed order: the same row with the same facts has the same bits everywhere.
"""

from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.card_features import fill_card_features
from models.cards import CardFacts
from models.feature_list import (
    FEATURE_VERSION,
    FEATURES,
    LABEL_FEATURES,
    LABEL_SPANS,
    POSITION,
    ROW_FEATURES,
    ROW_VERSION,
    Feature,
)
from models.row_features import Places, fill_row_features
from schemas.lot.buffers import numbers

__all__ = [
    "FEATURES",
    "FEATURE_VERSION",
    "POSITION",
    "ROW_FEATURES",
    "ROW_VERSION",
    "Feature",
    "LabelFacts",
    "Matrix",
    "Places",
    "features",
    "row_features",
]

Matrix = NDArray[np.float64]
Column = NDArray[Any]
Columns = dict[str, Column]
Integers = NDArray[np.int64]

FEWEST_FOR_SPREAD: Final = 2


class LabelFacts(Protocol):
    """What labels say about each row as of its step; NaN where nothing is known."""

    @property
    def card_days_since_fraud(self) -> Column: ...
    @property
    def card_genuine_count(self) -> Column: ...
    @property
    def card_genuine_sum(self) -> Column: ...
    @property
    def card_genuine_sumsq(self) -> Column: ...
    @property
    def card_last_label(self) -> Column: ...
    @property
    def terminal_count_1d(self) -> Column: ...
    @property
    def terminal_count_7d(self) -> Column: ...
    @property
    def terminal_count_30d(self) -> Column: ...
    @property
    def terminal_fraud_1d(self) -> Column: ...
    @property
    def terminal_fraud_7d(self) -> Column: ...
    @property
    def terminal_fraud_30d(self) -> Column: ...
    @property
    def terminal_days_since_first_fraud(self) -> Column: ...
    @property
    def terminal_days_since_last_fraud(self) -> Column: ...
    @property
    def terminal_fraud_run(self) -> Column: ...
    @property
    def terminal_last_label(self) -> Column: ...


AS_THEY_ARE: Final = (
    "card_days_since_fraud",
    "card_last_label",
    "terminal_days_since_first_fraud",
    "terminal_days_since_last_fraud",
    "terminal_fraud_run",
    "terminal_last_label",
)


def row_features(rows: pa.RecordBatch, places: Places) -> Matrix:
    """What the transactions alone say: the first columns of the whole matrix."""
    matrix = np.empty((rows.num_rows, len(ROW_FEATURES)))
    fill_row_features(rows, numbers(rows["event_time"]), numbers(rows["amount_minor"]), places, matrix)
    return matrix


def features(rows: pa.RecordBatch, cards: CardFacts, labels: LabelFacts | None, places: Places) -> Matrix:
    """Times are those as of which the rows were scored; without labels what rests on them is not known."""
    matrix = np.full((rows.num_rows, len(FEATURES)), np.nan)
    fill_row_features(rows, cards.at, cards.amount, places, matrix)
    fill_card_features(cards, matrix[:, len(ROW_FEATURES) :])
    if labels:
        columns = _of_labels(labels, cards.amount)
        for position, feature in enumerate(LABEL_FEATURES, len(FEATURES) - len(LABEL_FEATURES)):
            matrix[:, position] = columns[feature.name]
    return matrix


def _of_labels(labels: LabelFacts, amount: Integers) -> Columns:
    columns: Columns = {name: getattr(labels, name) for name in AS_THEY_ARE}
    for span in LABEL_SPANS:
        columns[f"terminal_count_{span}"] = getattr(labels, f"terminal_count_{span}")
        columns[f"terminal_fraud_share_{span}"] = _over(
            getattr(labels, f"terminal_fraud_{span}"), getattr(labels, f"terminal_count_{span}")
        )
    count = labels.card_genuine_count.astype(np.float64)
    mean = _over(labels.card_genuine_sum.astype(np.float64), count)
    squares = labels.card_genuine_sumsq - labels.card_genuine_sum * mean
    enough = np.where(count >= FEWEST_FOR_SPREAD, count - 1.0, np.nan)
    spread = np.sqrt(np.maximum(squares, 0.0) / enough)
    return columns | {"genuine_z": _over(amount - mean, spread), "genuine_ratio": _over(amount, mean)}


def _over(above: Column, below: Column) -> Matrix:
    """The quotient, where there is something to divide by."""
    quotient = np.full(len(above), np.nan)
    np.divide(above, below, out=quotient, where=below > 0)
    return quotient
