"""What a worker tells of days that are over: quiet ones, a shift, a model that was changed, and wrong clocks."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from consumer import metrics
from consumer.drifting import Drifting
from models.drift import Reference
from models.local_time import DAY_MS

FIRST_DAY = 20_458
ROWS = 3_000


def made(first: int, count: int, level: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(first)
    day = FIRST_DAY + np.repeat(np.arange(first, first + count), ROWS)
    amount = level * np.exp(chance.normal(8, 0.6, len(day)))
    return np.column_stack([amount, chance.random(len(day))]), chance.random(len(day)), day


@dataclass
class Seen:
    drifting: Drifting
    mind: Any

    def days(self, first: int, count: int, **how: float) -> None:
        matrix, score, day = made(first, count, **how)
        for one in np.unique(day):
            rows = day == one
            sight = SimpleNamespace(at=day[rows] * DAY_MS + 1_000)
            decided = SimpleNamespace(features=matrix[rows], score=score[rows])
            self.drifting.add(SimpleNamespace(mind=self.mind), sight, decided)  # type: ignore[arg-type]


def found() -> dict[str, float]:
    (metric,) = metrics.DRIFT.collect()
    return {each.labels["feature"]: each.value for each in metric.samples}


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference.of(("amount_minor", "hour"), *made(0, 30))


@pytest.fixture
def watch(reference: Reference) -> Callable[..., Seen]:
    def watch(today: int = FIRST_DAY + 400) -> Seen:
        return Seen(Drifting("UTC", lambda: today * DAY_MS), SimpleNamespace(reference=reference))

    return watch


def test_usual_days_are_quiet(watch: Callable[..., Seen]) -> None:
    """Nothing is told, but that days were looked at."""
    with capture_logs() as logs:
        watch().days(29, 10)
    assert (found(), logs) == ({}, [])


def test_a_shift_is_named_when_its_day_is_over(watch: Callable[..., Seen]) -> None:
    """Not before, and no longer than it lasts."""
    seen = watch()
    seen.days(29, 8)
    seen.days(37, 1, level=1.5)
    assert found() == {}
    with capture_logs() as logs:
        seen.days(38, 1)
    assert set(found()) == {"amount_minor"}
    assert [(each["event"], each["features"]) for each in logs] == [("drift.found", ("amount_minor",))]
    seen.days(39, 1)
    assert found() == {}


def test_another_model_begins_anew(watch: Callable[..., Seen], reference: Reference) -> None:
    """What was counted for the one before says nothing about it; without a reference nothing is counted."""
    seen = watch()
    seen.days(29, 8, level=1.5)
    assert set(found()) == {"amount_minor"}
    seen.mind = SimpleNamespace(reference=replace(reference))
    seen.days(37, 1)
    assert found() == {}
    seen.mind = SimpleNamespace(reference=None)
    seen.days(38, 3, level=9.0)
    assert found() == {}


def test_days_that_are_still_to_come_are_left_out(watch: Callable[..., Seen]) -> None:
    """A record of a wrong year neither ends a day nor takes long."""
    seen = watch(today=FIRST_DAY + 40)
    seen.days(29, 5)
    seen.days(20_000_000, 1)
    seen.days(34, 3)
    assert found() == {}
