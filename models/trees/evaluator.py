"""A compiled model: raw margins equal to scikit-learn's in every bit, whatever the lot size."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from models.numbers import tidy
from models.trees.forest import RIGHT, Forest, forest
from models.trees.masks import WIDTHS, Masks, masks
from models.trees.refusals import Uncompilable
from models.trees.structure import check
from models.trees.walk import walk

Doubles = NDArray[np.float64]

FEW: Final = 24
"""Below this many rows a walk through the trees is faster than striking out leaves."""


@dataclass(frozen=True, slots=True)
class Evaluator:
    features: int
    forest: Forest
    masks: Masks | None

    def margins(self, matrix: Doubles) -> Doubles:
        """One per row, each the same as if its row were alone. NaN is a missing value, infinities are numbers."""
        # one memory layout, so that nothing is compiled for another in the middle of traffic
        rows = tidy(matrix)
        if rows.ndim != 2 or rows.shape[1] != self.features:  # noqa: PLR2004
            raise ValueError(f"a matrix with {self.features} columns is needed, not one of shape {rows.shape}")
        if self.masks is None or len(rows) < FEW:
            return walk(self.forest, rows)
        return self.masks.margins(rows)


def compile(estimator: object, features: int) -> Evaluator:  # noqa: A001 that is what it does
    """An evaluator of a binary model for rows of so many features, after `check`; else raise `Uncompilable`."""
    reason = _reason_against(estimator, features)
    if reason:
        raise Uncompilable(reason)
    check(estimator)
    trees = forest(estimator)
    return Evaluator(features, trees, masks(trees, features))


def warm() -> None:
    """Compile everything a model of any size needs, so that the first lot does not wait."""
    for width in WIDTHS:
        comb = _comb(int(np.iinfo(width).bits))
        evaluator = Evaluator(1, comb, masks(comb, 1))
        evaluator.margins(np.zeros((1, 1)))
        evaluator.margins(np.zeros((FEW, 1)))


def _comb(leaves: int) -> Forest:
    """One tree that is as deep as it can be."""
    number = np.arange(leaves - 1)
    child = np.column_stack((~number, number + 1, ~number))
    child[-1, RIGHT] = ~(leaves - 1)
    return Forest(
        start=0.0,
        roots=np.zeros(1, np.int64),
        first_split=np.array([0, leaves - 1]),
        first_leaf=np.array([0, leaves]),
        feature=np.zeros_like(number),
        threshold=number.astype(np.float64),
        child=child,
        begin=number,
        middle=number + 1,
        leaves=np.zeros(leaves),
    )


def _reason_against(estimator: Any, features: int) -> str:  # noqa: ANN401 scikit-learn has no types
    if type(estimator) is not HistGradientBoostingClassifier:
        return _kind(estimator)
    if not hasattr(estimator, "_predictors"):
        return "it has not been trained"
    categorical = getattr(estimator, "is_categorical_", None)
    if categorical is not None and np.any(categorical):
        return "it has categorical features; every feature must be numeric"
    trained_on = getattr(estimator, "n_features_in_", None)
    if trained_on != features:
        return f"it was trained on {trained_on} features, the rows have {features}"
    classes = np.ravel(getattr(estimator, "classes_", ())).tolist()
    if len(classes) != 2 or classes[1] != 1:  # noqa: PLR2004
        return f"its classes are {classes}; there must be two, and the second must be 1 for fraud"
    return ""


def _kind(estimator: object) -> str:
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    if isinstance(last, LogisticRegression):
        return "scikit-learn's own bits for a linear model change with the size of the lot, so none can be met"
    name = type(last).__name__ if last is estimator else f"a pipeline to {type(last).__name__}"
    return f"{name} is not a HistGradientBoostingClassifier alone"
