"""Linear models added up by ourselves: close to scikit-learn, the same in any lot, refused where they are damaged."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from models import linear
from models.training.estimators import fit, logistic_regression
from models.trees.refusals import Uncompilable

RANDOM = np.random.default_rng(4)
MATRIX = np.where(RANDOM.random((600, 5)) < 0.1, np.nan, RANDOM.normal(size=(600, 5)))
MATRIX[:, 4] = RANDOM.normal(size=600)
POSITIVE = np.nan_to_num(MATRIX[:, 0]) + RANDOM.normal(size=600) > 0


def trained() -> Any:
    return fit(logistic_regression, 0, MATRIX, POSITIVE)


def test_margins_are_close_to_scikit_learns() -> None:
    """Also where a column has its first blank."""
    model = trained()
    matrix = MATRIX.copy()
    matrix[0, 4] = np.nan
    found = linear.compile(model, 5).margins(matrix)
    assert np.allclose(found, model.decision_function(matrix), rtol=1e-12, atol=1e-12)


def test_a_row_has_the_same_bits_alone() -> None:
    """Which scikit-learn does not promise."""
    compiled = linear.compile(trained(), 5)
    whole = compiled.margins(MATRIX)
    assert np.array_equal(np.concatenate([compiled.margins(MATRIX[row : row + 1]) for row in range(600)]), whole)
    with pytest.raises(ValueError, match="5 columns"):
        compiled.margins(MATRIX[:, :4])


def _shorter(model: Any) -> None:
    model[2].coef_ = model[2].coef_[:, :3]


def _infinite(model: Any) -> None:
    model[1].mean_[0] = np.inf


def _outside(model: Any) -> None:
    model[0].indicator_.features_ = np.array([0, 1, 2, 99])


def _flat(model: Any) -> None:
    model[1].scale_[1] = 0.0


def _named(model: Any) -> None:
    model[2].classes_ = np.array([1, 0])


def _untrained(model: Any) -> None:
    del model[2].coef_


@pytest.mark.parametrize("damage", [_shorter, _infinite, _outside, _flat, _named, _untrained])
def test_a_damaged_model_is_refused(damage: Any) -> None:
    """Before anything reads outside of its arrays."""
    model = trained()
    damage(model)
    with pytest.raises(Uncompilable):
        linear.compile(model, 5)


def test_only_its_own_kind_is_compiled() -> None:
    """Neither another width, nor another pipeline, nor no pipeline."""
    with pytest.raises(Uncompilable, match="does not take 6 features"):
        linear.compile(trained(), 6)
    with pytest.raises(Uncompilable, match="imputer"):
        linear.compile(LogisticRegression(), 5)
