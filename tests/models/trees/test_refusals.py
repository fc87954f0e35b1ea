from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models import trees
from schemas.errors import Misconfigured

Make = Callable[..., HistGradientBoostingClassifier]


class Louder(HistGradientBoostingClassifier):
    def decision_function(self, X: NDArray[np.float64]) -> NDArray[np.float64]:  # noqa: N803
        return np.multiply(2.0, super().decision_function(X))


ROWS = np.random.default_rng(0).normal(size=(200, 5))
FRAUD = ROWS[:, 0] > 0.0
COUNTS = np.abs(ROWS.round())


@pytest.mark.parametrize(
    ("estimator", "reason"),
    [
        (LogisticRegression().fit(ROWS, FRAUD), "bits for a linear model change with the size of the lot"),
        (make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, FRAUD), "bits for a linear model change"),
        (RandomForestClassifier(3).fit(ROWS, FRAUD), "RandomForestClassifier is not a HistGradientBoostingClassifier"),
        (
            make_pipeline(StandardScaler(), HistGradientBoostingClassifier(max_iter=2)).fit(ROWS, FRAUD),
            "a pipeline to HistGradientBoostingClassifier is not a HistGradientBoostingClassifier alone",
        ),
        (Louder(max_iter=2).fit(ROWS, FRAUD), "Louder is not a HistGradientBoostingClassifier"),
        (HistGradientBoostingClassifier(), "it has not been trained"),
        (
            HistGradientBoostingClassifier(max_iter=2, categorical_features=[0]).fit(COUNTS, FRAUD),
            "categorical features",
        ),
        (
            HistGradientBoostingClassifier(max_iter=2).fit(ROWS[:, :3], FRAUD),
            "was trained on 3 features, the rows have 5",
        ),
        (HistGradientBoostingClassifier(max_iter=2).fit(ROWS, FRAUD + COUNTS[:, 1].clip(0, 1)), "its classes are"),
        (
            HistGradientBoostingClassifier(max_iter=2).fit(ROWS, np.where(FRAUD, "fraud", "genuine")),
            r"its classes are \['fraud', 'genuine'\]; there must be two, and the second must be 1",
        ),
        (None, "NoneType is not a"),
    ],
    ids=lambda each: each if isinstance(each, str) else type(each).__name__,
)
def test_what_cannot_be_shown_equal_is_refused_with_its_reason(estimator: object, reason: str) -> None:
    """The message says why, and what such a model is still good for."""
    with pytest.raises(trees.Uncompilable, match=reason) as refusal:
        trees.compile(estimator, 5)
    assert refusal.value.reason in refusal.value.message
    assert "score files or serve over HTTP" in refusal.value.fix
    assert isinstance(refusal.value, Misconfigured)


def test_a_linear_model_has_no_bits_of_its_own() -> None:
    """The reason given is true: the same row in another lot has other bits, or the refusal could go."""
    rows = np.random.default_rng(1).normal(size=(2_000, 29))
    model = LogisticRegression().fit(rows, rows[:, 0] > 0.0)
    together = model.decision_function(rows)
    alone = np.concatenate([model.decision_function(rows[at : at + 1]) for at in range(len(rows))])
    assert together.tobytes() != alone.tobytes()
    np.testing.assert_allclose(together, alone, rtol=0.0, atol=1e-12)


def test_damaged_trees_are_not_compiled(trained: Make) -> None:
    """Compiling examines every tree first."""
    estimator = trained()
    estimator._predictors[3][0].nodes["left"][0] = 1_000_000
    with pytest.raises(trees.Unsound, match="tree 3, node 0: child is outside the tree"):
        trees.compile(estimator, 5)
