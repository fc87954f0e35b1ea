"""The feature matrix of a lot: one row per transaction, one column per entry of FEATURES.

Whole numbers and + - x / √ on doubles in a fixed order: the same row with the same facts has the same bits everywhere.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from models.card_features import card_features
from models.cards import CardFacts
from models.feature_list import (
    CARD_FEATURES,
    FEATURE_VERSION,
    FEATURES,
    LABEL_FEATURES,
    LABEL_SPANS,
    POSITION,
    ROW_FEATURES,
    ROW_VERSION,
    Feature,
)
from schemas.lot.buffers import flags, numbers

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
    "local_hours_and_days",
    "row_features",
]

Matrix = NDArray[np.float64]
Column = NDArray[Any]
Columns = dict[str, Column]
Integers = NDArray[np.int64]

SECOND_MS: Final = 1000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
QUARTER_MS: Final = HOUR_MS // 4
NIGHT_ENDS: Final = 6
SATURDAY: Final = 5
WEEKDAY_OF_THE_EPOCH: Final = 3
FEWEST_FOR_SPREAD: Final = 2
CARD_NOT_PRESENT: Final = frozenset(("ONLINE", "PHONE"))


@dataclass(frozen=True, slots=True)
class Places:
    """What the features must know about the bank: where home is, which hours its nights have, what it calls risky."""

    timezone: str = "UTC"
    home_countries: Collection[str] = ()
    risky_categories: Collection[int] = ()


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
    columns = _of_rows(rows, numbers(rows["event_time"]), numbers(rows["amount_minor"]), places)
    return _filled(np.empty((rows.num_rows, len(ROW_FEATURES))), columns, ROW_FEATURES)


def features(rows: pa.RecordBatch, cards: CardFacts, labels: LabelFacts | None, places: Places) -> Matrix:
    """Times are those as of which the rows were scored; without labels what rests on them is not known."""
    matrix = np.full((rows.num_rows, len(FEATURES)), np.nan)
    _filled(matrix, _of_rows(rows, cards.at, cards.amount, places), ROW_FEATURES)
    matrix[:, len(ROW_FEATURES) : len(ROW_FEATURES) + len(CARD_FEATURES)] = card_features(cards)
    if labels:
        _filled(matrix[:, -len(LABEL_FEATURES) :], _of_labels(labels, cards.amount), LABEL_FEATURES)
    return matrix


def _filled(matrix: Matrix, columns: Columns, listed: tuple[Feature, ...]) -> Matrix:
    for position, feature in enumerate(listed):
        matrix[:, position] = columns[feature.name]
    return matrix


def _of_rows(rows: pa.RecordBatch, times: Integers, amounts: Integers, places: Places) -> Columns:
    hours, days = local_hours_and_days(times, places.timezone)
    return {
        "amount_minor": amounts,
        "hour": hours,
        "night": hours < NIGHT_ENDS,
        "weekend": (days + WEEKDAY_OF_THE_EPOCH) % 7 >= SATURDAY,
        "foreign_country": _foreign(rows["country"], places.home_countries),
        "risky_category": _among(rows["merchant_category"], frozenset(places.risky_categories)),
        "online": _online(rows["channel"]),
    }


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


def local_hours_and_days(times_ms: Integers, timezone: str) -> tuple[Integers, Integers]:
    """Hour of day and day number on the clocks of that time zone, which change at full quarters of an hour."""
    quarters = times_ms // QUARTER_MS
    first = int(quarters.min()) if len(quarters) else 0
    span = int(quarters.max()) - first + 1 if len(quarters) else 0
    if span <= max(len(quarters), 1):
        shifts = np.array([_utc_offset_ms(first + quarter, timezone) for quarter in range(span)], np.int64)
        which = quarters - first
    else:
        different, which = np.unique(quarters, return_inverse=True)
        shifts = np.array([_utc_offset_ms(int(quarter), timezone) for quarter in different], np.int64)
    local = times_ms + (shifts[which] if len(shifts) else 0)
    return local % DAY_MS // HOUR_MS, local // DAY_MS


@lru_cache(maxsize=65_536)
def _utc_offset_ms(quarter: int, timezone: str) -> int:
    time = datetime.fromtimestamp(quarter * QUARTER_MS // SECOND_MS, UTC)
    offset = time.astimezone(ZoneInfo(timezone)).utcoffset()
    return int(offset.total_seconds()) * SECOND_MS if offset else 0


def _among(column: Any, values: frozenset[int] | frozenset[str]) -> NDArray[np.bool_]:  # noqa: ANN401 pyarrow has no types
    if not values or column.null_count == len(column):
        return np.zeros(len(column), np.bool_)
    found: NDArray[np.bool_] = pc.is_in(column, value_set=_set(values, column.type)).to_numpy(zero_copy_only=False)
    return found


@lru_cache(maxsize=64)
def _set(values: frozenset[Any], kind: Any) -> Any:  # noqa: ANN401 pyarrow has no types
    return pa.array(sorted(values), kind)


def _online(channel: Any) -> NDArray[np.bool_]:  # noqa: ANN401 pyarrow has no types
    """Symbol by symbol: the column is of few numbers with a dictionary."""
    if channel.null_count == len(channel):
        return np.zeros(len(channel), np.bool_)
    online = np.array([symbol in CARD_NOT_PRESENT for symbol in channel.dictionary.to_pylist()])
    where = flags(channel)
    found: NDArray[np.bool_] = where & online[np.where(where, numbers(channel.indices), 0)]
    return found


def _foreign(country: Any, home: Collection[str]) -> NDArray[np.bool_]:  # noqa: ANN401 pyarrow has no types
    if not home or country.null_count == len(country):
        return np.zeros(len(country), np.bool_)
    return flags(country) & ~_among(country, frozenset(home))
