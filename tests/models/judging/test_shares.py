import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.judging.shares import Shares, highest, row_costs
from models.judging.thresholds import Costs, Thresholds, cost

SCORES = st.lists(st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.8, 1.0]), min_size=1, max_size=40)
COSTS = Costs(review_minor=400, wrong_block_minor=3000)


@given(SCORES, st.integers(0, 50))
def test_as_many_are_flagged_as_asked_for(scores: list[float], count: int) -> None:
    """Exactly, however many tie at the edge; never a lower score before a higher one."""
    score = np.array(scores)
    shares = highest(score, count)
    assert shares.sum() == pytest.approx(min(count, len(score)))
    order = np.argsort(-score, kind="stable")
    assert np.all(np.diff(shares[order]) <= 0)
    assert all(len(set(shares[score == each])) == 1 for each in set(scores))


@given(SCORES, st.floats(0, 1), st.floats(0, 1))
def test_costs_of_rows_add_up(scores: list[float], review_at: float, block_at: float) -> None:
    """To what the thresholds cost by their own definition."""
    score, at = np.array(scores), Thresholds(review_at, block_at)
    fraud, amount = np.arange(len(score)) % 3 == 0, np.arange(len(score)) * 1_000
    found = row_costs(fraud, amount, Shares.at(score, at), COSTS).sum()
    assert found == pytest.approx(cost(fraud, score, amount, at, COSTS))


def test_equal_work_is_equal_alerts_and_blocks() -> None:
    """Of another ranking, with thresholds of its own."""
    mine = Shares.at(np.linspace(0, 1, 100), Thresholds(0.7, 0.9))
    other = Shares.as_many(np.round(np.random.default_rng(0).random(100), 1), mine)
    assert (other.alert.sum(), other.block.sum()) == pytest.approx((mine.alert.sum(), mine.block.sum()))
    assert np.all(other.block <= other.alert)
