"""The raw margin of an estimator: what it says before anything is rounded into a probability or a class."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from models.artefact.refusal import refused

Doubles = NDArray[np.float64]
Rows = NDArray[np.float64] | Sequence[str]
"""A matrix of features, or texts."""

FUNCTIONS: Final = ("decision_function", "predict_proba", "predict")
EXACT: Final = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
"""Added up row by row in a fixed order, on any machine; others multiply matrices as the machine likes best."""
CLOSE: Final = 1e-12


class Evaluator(Protocol):
    """The same margins, faster."""

    def margins(self, matrix: Doubles, /) -> Doubles: ...


Compile = Callable[[Any, int], Evaluator]
"""Estimator and number of features; raises Misconfigured with the reason where it cannot be shown equal."""


def function_of(estimator: Any, where: str) -> str:  # noqa: ANN401 - any estimator
    for name in FUNCTIONS:
        if callable(getattr(estimator, name, None)):
            return name
    raise refused(where, "cannot predict")


def margins(estimator: Any, function: str, rows: Rows) -> Doubles:  # noqa: ANN401
    """One number a row, or one a class. Raises what the estimator raises."""
    return np.ascontiguousarray(getattr(estimator, function)(rows), np.float64)


def is_exact(estimator: Any) -> bool:  # noqa: ANN401
    return isinstance(estimator, EXACT)


def same_bits(found: Doubles, expected: Doubles) -> bool:
    """NaN equals NaN; -0.0 does not equal 0.0."""
    if found.shape != expected.shape:
        return False
    both_missing = np.isnan(found) & np.isnan(expected)
    return bool(np.all((found.view(np.int64) == expected.view(np.int64)) | both_missing))


def close(found: Doubles, expected: Doubles) -> bool:
    return found.shape == expected.shape and bool(np.allclose(found, expected, rtol=CLOSE, atol=CLOSE, equal_nan=True))
