"""What a decision looks at, as one declared list: the columns of the feature matrix, in this order, for ever.

A change to the list or to the meaning of an entry is a new FEATURE_VERSION.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Integers = NDArray[np.int64]

FEATURE_VERSION: Final = 1
SECOND_MS: Final = 1000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
QUARTER_MS: Final = HOUR_MS // 4
NIGHT_ENDS: Final = 6
SATURDAY: Final = 5
WEEKDAY_OF_THE_EPOCH: Final = 3


@dataclass(frozen=True, slots=True)
class Feature:
    name: str
    meaning: str


FEATURES: Final = (
    Feature("amount_minor", "amount in minor units"),
    Feature("hour", "hour of day in the policy's time zone, 0 to 23"),
    Feature("night", "1 from midnight to 6 o'clock"),
    Feature("weekend", "1 on Saturday and Sunday"),
    Feature("foreign_country", "1 if the terminal's country is known and not a home country"),
    Feature("risky_category", "1 if the merchant category is on the policy's list"),
    Feature("online", "1 if the card was not present: online or by phone"),
)
POSITION: Final = {feature.name: position for position, feature in enumerate(FEATURES)}


@dataclass(frozen=True, slots=True)
class Places:
    """What the features must know about the bank: where home is, which hours its nights have, what it calls risky."""

    timezone: str = "UTC"
    home_countries: Collection[str] = ()
    risky_categories: Collection[int] = ()


def features(rows: pa.RecordBatch, places: Places) -> Matrix:
    """One row per transaction, one column per entry of FEATURES."""
    hours, days = local_hours_and_days(rows["event_time"].cast(pa.int64()).to_numpy(), places.timezone)
    columns = {
        "amount_minor": rows["amount_minor"].to_numpy(),
        "hour": hours,
        "night": hours < NIGHT_ENDS,
        "weekend": (days + WEEKDAY_OF_THE_EPOCH) % 7 >= SATURDAY,
        "foreign_country": _foreign(rows["country"], places.home_countries),
        "risky_category": _among(rows["merchant_category"], pa.array(sorted(places.risky_categories), pa.int32())),
        "online": _among(rows["channel"].cast(pa.string()), pa.array(["ONLINE", "PHONE"])),
    }
    return np.column_stack([columns[feature.name].astype(np.float64) for feature in FEATURES])


def local_hours_and_days(times_ms: Integers, timezone: str) -> tuple[Integers, Integers]:
    """Hour of day and day number on the clocks of that time zone, which change at full quarters of an hour."""
    quarters, which = np.unique(times_ms // QUARTER_MS, return_inverse=True)
    shifts = np.array([_utc_offset_ms(int(quarter) * QUARTER_MS, timezone) for quarter in quarters], np.int64)
    local = times_ms + (shifts[which] if len(shifts) else 0)
    return local % DAY_MS // HOUR_MS, local // DAY_MS


def _utc_offset_ms(time_ms: int, timezone: str) -> int:
    offset = datetime.fromtimestamp(time_ms // SECOND_MS, UTC).astimezone(ZoneInfo(timezone)).utcoffset()
    return int(offset.total_seconds()) * SECOND_MS if offset else 0


def _among(column: Any, values: Any) -> NDArray[np.bool_]:  # noqa: ANN401 pyarrow has no types
    found: NDArray[np.bool_] = pc.is_in(column, value_set=values).to_numpy(zero_copy_only=False)
    return found


def _foreign(country: Any, home: Collection[str]) -> NDArray[np.bool_]:  # noqa: ANN401 pyarrow has no types
    known: NDArray[np.bool_] = country.is_valid().to_numpy(zero_copy_only=False)
    if not home:
        return np.zeros(len(known), np.bool_)
    return known & ~_among(country, pa.array(sorted(home), pa.string()))
