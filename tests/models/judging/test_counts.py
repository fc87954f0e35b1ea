import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef, precision_score, recall_score

from models.judging.counts import Counts

FLAGS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)


def test_the_textbook_example() -> None:
    """400 found, 100 false alarms, 50 missed, 450 left alone."""
    counts = Counts(tp=400, fp=100, fn=50, tn=450)
    found = [counts.precision, counts.recall, counts.accuracy, counts.f1, counts.fpr, counts.mcc]
    assert [f"{figure:.4f}" for figure in found] == ["0.8000", "0.8889", "0.8500", "0.8421", "0.1818", "0.7035"]


@given(FLAGS)
def test_figures_are_those_of_scikit_learn(pairs: list[tuple[bool, bool]]) -> None:
    """Wherever the figure is defined; where its base is empty it is not a number."""
    fraud, flagged = (np.array(column, np.bool_) for column in zip(*pairs, strict=True))
    counts = Counts.of(fraud, flagged)
    assert counts.total == len(pairs)
    for ours, theirs, base in (
        (counts.precision, precision_score, flagged.any()),
        (counts.recall, recall_score, fraud.any()),
        (counts.f1, f1_score, (fraud | flagged).any()),
        (counts.accuracy, accuracy_score, True),
        (counts.mcc, matthews_corrcoef, fraud.any() and flagged.any() and not fraud.all() and not flagged.all()),
    ):
        if base:
            assert ours == pytest.approx(theirs(fraud, flagged))
        else:
            assert math.isnan(ours)


def test_high_accuracy_hides_low_recall() -> None:
    """The example that shows why accuracy is never a gate."""
    counts = Counts(tp=12, fp=12, fn=88, tn=4888)
    assert counts.accuracy == pytest.approx(0.98)
    assert counts.recall == pytest.approx(0.12)
