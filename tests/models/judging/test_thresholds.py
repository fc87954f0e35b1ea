import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.judging.thresholds import (
    NOTHING,
    Costs,
    Thresholds,
    block_by_cost,
    by_budget,
    by_cost,
    by_recall,
    cost,
)

ROWS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.8, 1.0]), st.integers(0, 100_000)),
    min_size=1,
    max_size=40,
)
COSTS = Costs(review_minor=400, wrong_block_minor=3000)


def columns(rows: list[tuple[bool, float, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    fraud, score, amount = zip(*rows, strict=True)
    return np.array(fraud, np.bool_), np.array(score), np.array(amount, np.int64)


@given(ROWS, st.floats(0.01, 1.0))
def test_recall_is_reached_and_no_higher_threshold_would(rows: list[tuple[bool, float, int]], wanted: float) -> None:
    """The fewest alerts that find enough."""
    fraud, score, _ = columns(rows)
    at = by_recall(fraud, score, wanted)
    if not fraud.any():
        assert at == NOTHING
        return
    assert np.count_nonzero(fraud & (score >= at)) >= wanted * fraud.sum()
    assert np.count_nonzero(fraud & (score > at)) < wanted * fraud.sum()


@given(ROWS, st.floats(0, 20))
def test_the_budget_is_kept_and_used(rows: list[tuple[bool, float, int]], alerts: float) -> None:
    """Not one alert more than can be worked on, and no lower threshold fits."""
    _, score, _ = columns(rows)
    day = np.arange(len(score)) % 3
    budget = alerts * len(np.unique(day))
    at = by_budget(score, day, alerts)
    assert np.count_nonzero(score >= at) <= budget
    lower = score[score < at]
    if lower.size:
        assert np.count_nonzero(score >= lower.max()) > budget


@given(ROWS)
def test_no_other_threshold_costs_less(rows: list[tuple[bool, float, int]]) -> None:
    """Compared with every score that occurred, and with flagging nothing."""
    fraud, score, amount = columns(rows)

    def reviewing(at: float) -> float:
        return cost(fraud, score, amount, Thresholds(at, NOTHING), COSTS)

    found = reviewing(by_cost(fraud, score, amount, COSTS))
    assert found <= min(reviewing(at) for at in [*score.tolist(), NOTHING]) + 1e-6


@given(ROWS)
def test_no_other_block_costs_less(rows: list[tuple[bool, float, int]]) -> None:
    """Given where reviews begin."""
    fraud, score, amount = columns(rows)
    review_at = by_cost(fraud, score, amount, COSTS)

    def blocking(at: float) -> float:
        return cost(fraud, score, amount, Thresholds(review_at, at), COSTS)

    block_at = block_by_cost(fraud, score, review_at, COSTS)
    assert block_at >= min(review_at, NOTHING)
    assert blocking(block_at) <= min(blocking(at) for at in [*score[score >= review_at].tolist(), NOTHING]) + 1e-6


def test_costs_add_up() -> None:
    """One missed fraud, one review, one wrong block, one right block."""
    fraud = np.array([True, False, False, True])
    score = np.array([0.1, 0.6, 0.95, 0.99])
    amount = np.array([5_000, 100, 100, 70_000])
    assert cost(fraud, score, amount, Thresholds(0.5, 0.9), COSTS) == pytest.approx(5_000 + 400 + 3_000)
