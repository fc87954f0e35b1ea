import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from models.judging.ranking import average_precision, card_precision, curve, roc_auc

ROWS = st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0])), min_size=2, max_size=60)


def columns(rows: list[tuple[bool, float]]) -> tuple[np.ndarray, np.ndarray]:
    fraud, score = zip(*rows, strict=True)
    return np.array(fraud, np.bool_), np.array(score)


@given(ROWS)
def test_figures_are_those_of_scikit_learn(rows: list[tuple[bool, float]]) -> None:
    """Ties included, which decide much when scores are rounded."""
    fraud, score = columns(rows)
    if fraud.any() and not fraud.all():
        assert average_precision(fraud, score) == pytest.approx(average_precision_score(fraud, score))
        assert roc_auc(fraud, score) == pytest.approx(roc_auc_score(fraud, score))


@given(ROWS, st.randoms())
def test_the_order_of_rows_changes_nothing(rows: list[tuple[bool, float]], random: object) -> None:
    """A figure of the ranking must not depend on how ties happen to lie."""
    shuffled = sorted(rows, key=lambda _: random.random())  # type: ignore[attr-defined]
    first, second = (average_precision(*columns(each)) for each in (rows, shuffled))
    assert first == second or (math.isnan(first) and math.isnan(second))


def test_without_fraud_there_is_no_figure() -> None:
    """Nothing to find is not the same as nothing found."""
    fraud, score = np.zeros(3, np.bool_), np.array([0.1, 0.2, 0.3])
    assert math.isnan(average_precision(fraud, score))
    assert math.isnan(roc_auc(fraud, score))


def test_equal_scores_are_one_point() -> None:
    """No threshold can separate them."""
    points = curve(np.array([True, False, True, False]), np.array([0.5, 0.5, 0.9, 0.1]))
    assert points.threshold.tolist() == [0.9, 0.5, 0.1]
    assert points.tp.tolist() == [1, 2, 2]
    assert points.fp.tolist() == [0, 1, 2]


def test_cards_are_called_once_a_day_and_never_again_once_found() -> None:
    """Two calls a day: the card found on the first day makes room on the second."""
    day = np.array([1, 1, 1, 1, 2, 2, 2])
    card = np.array([1, 1, 2, 3, 1, 2, 3])
    score = np.array([0.9, 0.2, 0.8, 0.1, 0.9, 0.8, 0.7])
    fraud = np.array([True, False, False, False, True, False, True])
    found = card_precision(fraud, score, card, day, 2)
    assert found.precision == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert found.attainable == pytest.approx((1 / 2 + 1 / 2) / 2)


def test_no_ranking_can_find_more_cards_than_there_are() -> None:
    """The attainable maximum says how much of a low figure is the data's fault."""
    found = card_precision(np.array([True, False]), np.array([0.9, 0.1]), np.array([1, 2]), np.array([1, 1]), 100)
    assert (found.precision, found.attainable) == (0.01, 0.01)
