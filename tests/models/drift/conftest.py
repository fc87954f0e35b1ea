"""Days of made-up rows: a number that moves with the weekday, a flag, and what is often unknown."""

from collections.abc import Callable

import numpy as np
import pytest

from models.drift import Reference, Tally

FIRST_DAY = 20_458  # a Monday
ROWS = 4_000
NAMES = ("amount_minor", "online", "speed_kmh")

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]
Days = Callable[..., Rows]


def days(first: int, count: int, *, level: float = 1.0, slope: float = 0.0, rows: int = ROWS) -> Rows:
    """`level` multiplies the number, `slope` adds to its logarithm each day since the first of all."""
    chance = np.random.default_rng(first)
    day = FIRST_DAY + np.repeat(np.arange(first, first + count), rows)
    weekday = (day + 3) % 7
    amount = level * np.exp(chance.normal(8, 0.6, len(day)) + 0.2 * (weekday >= 5) + slope * (day - FIRST_DAY))
    online = (chance.random(len(day)) < np.where(weekday == 0, 0.4, 0.2)).astype(float)
    unknown = np.where(online == 1, np.nan, chance.random(len(day)))
    return np.column_stack([amount, online, unknown]), chance.random(len(day)), day


@pytest.fixture
def made() -> Days:
    return days


@pytest.fixture(scope="session")
def reference() -> Reference:
    return Reference.of(NAMES, *days(0, 30))


@pytest.fixture
def tally(reference: Reference) -> Tally:
    """Of two usual weeks after the reference."""
    found = Tally(reference.edges)
    found.add(*days(29, 15))
    return found
