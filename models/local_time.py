"""Hours and days on the clocks of one time zone, which change at full quarters of an hour."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from schemas.compiled import bare

Integers = NDArray[np.int64]

SECOND_MS: Final = 1000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
QUARTER_MS: Final = HOUR_MS // 4

SHIFT_BITS: Final = 18
SHIFT_MIDDLE: Final = 1 << (SHIFT_BITS - 1)
NO_TIME: Final = -(1 << 62)
QUARTERS: Final = 65_536
"""So many are remembered: those of two years in a row."""


class Clock:
    """Seconds by which a zone is ahead of UTC, by quarter; in one word with the quarter, since threads share it."""

    def __init__(self, timezone: str) -> None:
        self._zone = ZoneInfo(timezone)
        self.shifts = np.full(QUARTERS, NO_TIME, np.int64)

    def learn(self, time_ms: int) -> None:
        quarter = time_ms // QUARTER_MS
        time = datetime.fromtimestamp(quarter * QUARTER_MS // SECOND_MS, UTC)
        offset = time.astimezone(self._zone).utcoffset()
        shift = int(offset.total_seconds()) if offset else 0
        self.shifts[quarter % QUARTERS] = quarter << SHIFT_BITS | (shift + SHIFT_MIDDLE)


@lru_cache(maxsize=64)
def clock(timezone: str) -> Clock:
    return Clock(timezone)


@bare
def local(shifts: Integers, time_ms: int) -> int:
    """The time that those clocks show; NO_TIME where it must be learned first."""
    quarter = time_ms // QUARTER_MS
    word = shifts[quarter % QUARTERS]
    if word >> SHIFT_BITS != quarter:
        return NO_TIME
    return int(time_ms + ((word & ((1 << SHIFT_BITS) - 1)) - SHIFT_MIDDLE) * SECOND_MS)


def local_hours_and_days(times_ms: Integers, timezone: str) -> tuple[Integers, Integers]:
    """Hour of day and day number on those clocks."""
    hours, days = np.empty(len(times_ms), np.int64), np.empty(len(times_ms), np.int64)
    of, done = clock(timezone), 0
    while (done := _read_clocks(done, times_ms, of.shifts, hours, days)) < len(times_ms):
        of.learn(int(times_ms[done]))
    return hours, days


@bare
def _read_clocks(start: int, times_ms: Integers, shifts: Integers, hours: Integers, days: Integers) -> int:
    """The first row whose quarter is not known, else the number of rows."""
    for row in range(start, times_ms.size):
        time = local(shifts, times_ms[row])
        if time == NO_TIME:
            return row
        days[row] = time // DAY_MS
        hours[row] = (time - days[row] * DAY_MS) // HOUR_MS
    return int(times_ms.size)
