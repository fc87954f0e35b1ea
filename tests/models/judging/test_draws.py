import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.pace import times_as_fast

from models.judging.bootstrap import day_interval
from models.judging.draws import Draws, interval
from models.judging.ranking import average_precision, roc_auc

ROWS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), st.sampled_from([3, 4, 9])),
    min_size=1,
    max_size=60,
)


def big(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    fraud = random.random(count) < 0.01
    score = np.round(np.clip(random.normal(0.1 + 0.4 * fraud, 0.15), 0, 1), 3)
    return fraud, score, random.integers(0, 7, count)


@given(ROWS)
def test_each_draw_has_the_figures_of_its_rows(rows: list[tuple[bool, float, int]]) -> None:
    """Weighing days is the same as copying their rows, ties and days without fraud included."""
    fraud, score, day = (np.array(column) for column in zip(*rows, strict=True))
    draws = Draws.of(day, 5, 12)
    found = draws.ranking(fraud, score)
    for times, precision, auc in zip(draws.times, *found, strict=True):
        drawn = np.repeat(np.arange(len(day)), times[draws.which].astype(int))
        assert precision == pytest.approx(average_precision(fraud[drawn], score[drawn]), nan_ok=True)
        assert auc == pytest.approx(roc_auc(fraud[drawn], score[drawn]), nan_ok=True)


def test_intervals_are_those_of_the_slow_definition() -> None:
    """The same seed draws the same days in both."""
    fraud, score, day = big(3_000)
    draws = Draws.of(day, 11, 60)
    fast = [interval(each) for each in draws.ranking(fraud, score)] + [interval(draws.ratios(fraud, np.ones(3_000)))]
    slow = [
        day_interval(day, figure, seed=11, draws=60)
        for figure in (
            lambda rows: average_precision(fraud[rows], score[rows]),
            lambda rows: roc_auc(fraud[rows], score[rows]),
            lambda rows: float(fraud[rows].mean()),
        )
    ]
    for ours, theirs in zip(fast, slow, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-12)


def test_many_draws_are_made_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory has a bound, and figures do not depend on it."""
    fraud, score, day = big(2_000)
    whole = Draws.of(day, 1, 50).ranking(fraud, score)
    monkeypatch.setattr("models.judging.draws.AT_ONCE", 100)
    pieces = Draws.of(day, 1, 50).ranking(fraud, score)
    assert np.array_equal(whole.average_precision, pieces.average_precision)
    assert np.array_equal(whole.auc, pieces.auc)


def test_a_hundred_thousand_rows_are_quick() -> None:
    """Five hundred draws of several figures take less time than twenty of one by the slow definition."""
    fraud, score, day = big(100_000)

    def quickly() -> None:
        draws = Draws.of(day, 1)
        draws.ranking(fraud, score)
        draws.ratios(fraud & (score > 0.5), fraud)

    def slowly() -> None:
        day_interval(day, lambda rows: average_precision(fraud[rows], score[rows]), seed=1, draws=20)

    assert times_as_fast(quickly, slowly) > 1


@pytest.mark.parametrize("count", [0, 3])
def test_nothing_to_find_has_no_interval(count: int) -> None:
    """No rows, or none that are fraud."""
    draws = Draws.of(np.arange(count), 1, 5)
    found = draws.ranking(np.zeros(count, np.bool_), np.zeros(count))
    assert all(np.isnan(interval(each)).all() for each in found)
