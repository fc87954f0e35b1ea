"""A test week with fraud of every scenario, and contenders of different worth."""

from collections.abc import Callable

import numpy as np
import pytest

from models.judging.contender import Contender, accept_all
from models.judging.figures import About, Report, Weeks
from models.judging.report import Choice, judge
from models.judging.rows import Rows
from models.judging.thresholds import Costs, Thresholds

DAY_MS = 86_400_000
FIRST_DAY = 20_500
SCENARIOS = ("account_takeover", "card_testing", "compromised_terminal", "friendly_fraud", "stolen_card")


def week(count: int = 4_000, seed: int = 0) -> Rows:
    random = np.random.default_rng(seed)
    fraud = random.random(count) < 0.05
    scenario = np.where(fraud, random.choice(SCENARIOS, count), None).astype(object)
    return Rows(
        fraud=fraud,
        known=random.random(count) > 0.1,
        amount=np.exp(random.normal(8, 1, count)).astype(np.int64),
        card=random.integers(0, 2**64, count, dtype=np.uint64) | np.uint64(2**63),
        day=FIRST_DAY + random.integers(0, 7, count),
        scenario=scenario,
        attainable=fraud & (scenario != "friendly_fraud"),
    )


def noisy(rows: Rows, seed: int, shift: float) -> np.ndarray:
    """Rounded, so that there are ties."""
    random = np.random.default_rng(seed)
    return np.round(1 / (1 + np.exp(-(random.normal(-3, 1.5, len(rows)) + shift * rows.fraud))), 3)


def contenders(rows: Rows) -> list[Contender]:
    return [
        Contender("good", noisy(rows, 1, 3.5), Thresholds(0.3, 0.8)),
        Contender("poor", noisy(rows, 2, 1.0), Thresholds(0.3, 0.8)),
        accept_all(len(rows)),
    ]


@pytest.fixture
def rows() -> Rows:
    return week()


@pytest.fixture
def entered(rows: Rows) -> list[Contender]:
    return contenders(rows)


@pytest.fixture
def about() -> About:
    ms = FIRST_DAY * DAY_MS
    return About(
        model="models:/fraud/3",
        estimator="trees",
        parameters={"leaves": 8},
        feature_version=2,
        simulated=True,
        sources=["transactions.parquet"],
        transactions=123_456,
        labels=23_456,
        label_delay="7 days",
        split=Weeks(
            train=(ms - 49 * DAY_MS, ms - 21 * DAY_MS),
            pick=(ms - 14 * DAY_MS, ms - 7 * DAY_MS),
            test=(ms, ms + 7 * DAY_MS),
        ),
        trained_on=98_765,
        trained_frauds=876,
        command="fraudstream train transactions.parquet",
        created_at="2026-03-01T00:00:00+00:00",
        digests={"model": "ab12"},
    )


@pytest.fixture
def make(rows: Rows, entered: list[Contender], about: About) -> Callable[..., Report]:
    """The report of the week, with few draws."""

    def make(**changes: object) -> Report:
        choices = [Choice("recall", Thresholds(0.2, 0.9), 0.8), Choice("cost", entered[0].at, live=True)]
        usual = {"choices": choices, "about": about, "draws": 40, "cards_called": 5}
        return judge(rows, entered, Costs(), 7, **usual | changes)

    return make
