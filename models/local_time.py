"""Hours and days on the clocks of one time zone, which change at full quarters of an hour."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from schemas.compiled import compiled

Integers = NDArray[np.int64]

SECOND_MS: Final = 1000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
QUARTER_MS: Final = HOUR_MS // 4


def local_hours_and_days(times_ms: Integers, timezone: str) -> tuple[Integers, Integers]:
    """Hour of day and day number on those clocks."""
    hours, days = np.empty(len(times_ms), np.int64), np.empty(len(times_ms), np.int64)
    if not len(times_ms):
        return hours, days
    first = int(times_ms.min()) // QUARTER_MS
    span = int(times_ms.max()) // QUARTER_MS - first + 1
    if span <= len(times_ms):
        shifts = np.array([_utc_offset_ms(first + quarter, timezone) for quarter in range(span)], np.int64)
        _read_clocks(times_ms, first, shifts, hours, days)
    else:
        different, which = np.unique(times_ms // QUARTER_MS, return_inverse=True)
        shifts = np.array([_utc_offset_ms(int(quarter), timezone) for quarter in different], np.int64)
        _read_clocks(times_ms + shifts[which], 0, shifts[:0], hours, days)
    return hours, days


@compiled
def _read_clocks(times_ms: Integers, first: int, shifts: Integers, hours: Integers, days: Integers) -> None:
    """Without shifts the times are local already."""
    for row in range(times_ms.size):
        time = times_ms[row]
        if shifts.size:
            time += shifts[time // QUARTER_MS - first]
        day = time // DAY_MS
        hours[row], days[row] = (time - day * DAY_MS) // HOUR_MS, day


@lru_cache(maxsize=65_536)
def _utc_offset_ms(quarter: int, timezone: str) -> int:
    time = datetime.fromtimestamp(quarter * QUARTER_MS // SECOND_MS, UTC)
    offset = time.astimezone(ZoneInfo(timezone)).utcoffset()
    return int(offset.total_seconds()) * SECOND_MS if offset else 0
