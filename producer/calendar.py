"""When people use their cards: how much on which day of the year and week, and at what time of day."""

from typing import Final

import numpy as np

from producer.aligned import Floats, Integers

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
WEEKDAY_OF_THE_EPOCH: Final = 3
SATURDAY: Final = 5
YEAR_DAYS: Final = 365.25

WEEKDAYS: Final = (0.93, 0.94, 0.97, 1.0, 1.12, 1.18, 0.86)
"""Monday to Sunday."""
MONTHS: Final = (0.93, 0.93, 0.97, 0.99, 1.0, 1.0, 0.97, 0.96, 0.99, 1.01, 1.07, 1.18)

# hours 0 to 23: of commuters, of those at home by day, of night owls; on working days and at weekends
HOURS: Final = (
    (
        (1, 1, 1, 1, 1, 3, 10, 16, 12, 6, 6, 8, 15, 11, 6, 6, 9, 17, 18, 13, 8, 5, 3, 2),
        (1, 1, 1, 1, 1, 1, 3, 6, 11, 15, 16, 14, 11, 10, 12, 13, 12, 10, 8, 6, 4, 3, 2, 1),
        (5, 4, 3, 2, 1, 1, 2, 3, 4, 5, 6, 7, 9, 9, 9, 9, 10, 11, 13, 14, 14, 13, 11, 8),
    ),
    (
        (2, 1, 1, 1, 1, 1, 2, 4, 8, 13, 16, 16, 14, 13, 13, 13, 12, 11, 10, 9, 7, 5, 4, 3),
        (1, 1, 1, 1, 1, 1, 2, 4, 9, 14, 16, 15, 12, 11, 12, 12, 11, 9, 8, 6, 4, 3, 2, 1),
        (9, 8, 6, 4, 2, 1, 1, 1, 2, 3, 5, 7, 9, 10, 10, 10, 10, 11, 12, 13, 14, 14, 13, 12),
    ),
)
RHYTHMS: Final = len(HOURS[0])
STEPS: Final = 512


def _quantiles(hours: tuple[int, ...]) -> Floats:
    passed = np.concatenate(([0.0], np.cumsum(hours))) / sum(hours)
    return np.interp(np.linspace(0.0, 1.0, STEPS + 1), passed, np.linspace(0.0, DAY_MS, len(passed)))


QUANTILES: Final = np.array([[_quantiles(hours) for hours in week] for week in HOURS])


def weekday(day: int) -> int:
    """0 is Monday; days count from 1970-01-01."""
    return (day + WEEKDAY_OF_THE_EPOCH) % 7


def busy(day: int) -> float:
    """How much of a usual day's business is done on this one."""
    month = (day % YEAR_DAYS) / YEAR_DAYS * len(MONTHS) - 0.5
    season = np.interp(month, np.arange(-1, len(MONTHS) + 1), (MONTHS[-1], *MONTHS, MONTHS[0]))
    return float(season) * WEEKDAYS[weekday(day)]


def times(day: int, rhythm: Integers, share: Floats) -> Integers:
    """The moments before which `share` (0 ≤ share < 1) of the day's uses in that rhythm happen."""
    table = QUANTILES[int(weekday(day) >= SATURDAY)].ravel()
    place = share * STEPS
    whole = place.astype(np.int64)
    at = rhythm * (STEPS + 1) + whole
    begin = table[at]
    of_day = begin + (table[at + 1] - begin) * (place - whole)
    found: Integers = day * DAY_MS + of_day.astype(np.int64)
    return found
