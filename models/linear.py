"""A linear model of scikit-learn, added up row by row in a fixed order: the same bits in a lot of any size.

Scikit-learn multiplies matrices as the machine likes best, so its own bits differ from these in the last places.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from models.numbers import tidy
from models.trees.refusals import Uncompilable
from schemas.compiled import compiled

Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]

STEPS: Final = (SimpleImputer, StandardScaler, LogisticRegression)


@dataclass(frozen=True, slots=True)
class Linear:
    """One term for each feature, then one for each of `holes`: 1 where that feature is missing."""

    instead: Doubles
    holes: Integers
    mean: Doubles
    scale: Doubles
    weight: Doubles
    start: float

    def margins(self, matrix: Doubles) -> Doubles:
        """One per row, each the same as if its row were alone. NaN is a missing value."""
        rows = tidy(matrix)
        if rows.ndim != 2 or rows.shape[1] != len(self.instead):  # noqa: PLR2004
            raise ValueError(f"a matrix with {len(self.instead)} columns is needed, not one of shape {rows.shape}")
        found = np.full(len(rows), self.start)
        _add(rows, self.instead, self.holes, self.mean, self.scale, self.weight, found)
        return found


def compile(estimator: object, features: int) -> Linear:  # noqa: A001 that is what it does
    """Of `models.training.estimators.logistic_regression`; else raise `Uncompilable`."""
    steps: list[Any] = [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else []
    if [type(each) for each in steps] != list(STEPS):
        raise Uncompilable("it is not an imputer, a scaler and a logistic regression, one after the other")
    imputer, scaler, model = steps
    try:
        indicator = getattr(imputer, "indicator_", None)
        linear = Linear(
            instead=_doubles(imputer.statistics_),
            holes=np.array([] if indicator is None else indicator.features_, np.int64),
            mean=_doubles(scaler.mean_),
            scale=_doubles(scaler.scale_),
            weight=_doubles(model.coef_[0]),
            start=float(model.intercept_[0]),
        )
        classes = np.ravel(model.classes_).tolist()
    except (AttributeError, TypeError, ValueError, IndexError) as error:
        raise Uncompilable(f"it has not been trained, or was damaged: {type(error).__name__}") from error
    _check(linear, features)
    if classes != [0, 1]:
        raise Uncompilable(f"its classes are {classes}; there must be two, and the second must be 1")
    return linear


def _check(linear: Linear, features: int) -> None:
    terms = features + len(linear.holes)
    shapes = {linear.mean.shape, linear.scale.shape, linear.weight.shape}
    if linear.instead.shape != (features,) or shapes != {(terms,)}:
        raise Uncompilable(f"it does not take {features} features")
    if ((linear.holes < 0) | (linear.holes >= features)).any():
        raise Uncompilable("it looks for missing values outside of its features")
    every = (linear.instead, linear.mean, linear.scale, linear.weight, np.array([linear.start]))
    if not all(np.isfinite(each).all() for each in every) or (linear.scale == 0.0).any():
        raise Uncompilable("not all its numbers are finite")


def _doubles(values: object) -> Doubles:
    return np.ascontiguousarray(values, np.float64)


@compiled
def _add(  # noqa: PLR0917 a kernel takes plain arrays
    rows: Doubles, instead: Doubles, holes: Integers, mean: Doubles, scale: Doubles, weight: Doubles, found: Doubles
) -> None:
    width = len(instead)
    for row in range(len(rows)):
        for at in range(width):
            x = rows[row, at]
            if np.isnan(x):
                x = instead[at]
            found[row] += (x - mean[at]) / scale[at] * weight[at]
        for hole in range(len(holes)):
            x = 1.0 if np.isnan(rows[row, holes[hole]]) else 0.0
            at = width + hole
            found[row] += (x - mean[at]) / scale[at] * weight[at]
