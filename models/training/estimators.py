"""What learns: gradient-boosted trees by default, logistic regression as the plain alternative, or somebody's own."""

import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from models.features import Matrix
from models.judging.counts import Flags
from schemas.errors import Usage

Factory = Callable[[int], Any]
"""From a seed to an estimator that has learnt nothing yet."""


def boosted_trees(seed: int) -> HistGradientBoostingClassifier:
    """Small trees, held back: with one fraud in a hundred rows an unpenalised leaf of a few frauds says anything."""
    return HistGradientBoostingClassifier(
        max_iter=200, max_leaf_nodes=8, l2_regularization=10.0, early_stopping=False, random_state=seed
    )


def logistic_regression(seed: int) -> Any:  # noqa: ANN401 scikit-learn has no types
    return make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(max_iter=500, random_state=seed),
    )


NAMED: Final[dict[str, Factory]] = {"trees": boosted_trees, "logistic": logistic_regression}


def factory(text: str) -> Factory:
    """`trees`, `logistic`, or `module:function`, also of the present folder, which is imported and trusted."""
    if text in NAMED:
        return NAMED[text]
    module, _, name = text.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
    try:
        found = getattr(import_module(module), name) if module and name else None
    except (ImportError, AttributeError) as error:
        raise Usage(
            f"--estimator {text}: {error}", fix="name an importable module and a function of it, as in mine:make"
        ) from error
    if not callable(found):
        raise Usage(
            f"--estimator {text}: this is no function",
            fix=f"choose {' or '.join(NAMED)}, or module:function that makes an estimator from a seed",
        )
    return cast("Factory", found)


def fit(make: Factory, seed: int, matrix: Matrix, fraud: Flags) -> Any:  # noqa: ANN401
    """The same rows and seed give the same model in every bit, however many cores there are: on one of them.

    Several threads add gradients up in as many parts, and another number of parts is another sum.
    """
    if not fraud.any() or fraud.all():
        raise Usage(
            f"{len(fraud):,} rows to learn from with {int(fraud.sum()):,} frauds: both kinds are needed",
            fix="give more days or labels; `fraudstream features` shows what there is",
        )
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*lbfgs failed to converge", category=UserWarning)
        return make(seed).fit(_with_something(matrix), fraud.astype("int64"))


def _with_something(matrix: Matrix) -> Matrix:
    """A feature that is never known cannot be cut into bins; one that never differs teaches as little."""
    nothing = np.isnan(matrix).all(axis=0)
    return np.where(nothing, 0.0, matrix) if nothing.any() else matrix
