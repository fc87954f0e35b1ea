"""Trained models, and models whose trees are drawn at random: scikit-learn evaluates those just as well."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

from models import trees

Doubles = NDArray[np.float64]
Trained = Callable[..., HistGradientBoostingClassifier]
Drawn = Callable[..., HistGradientBoostingClassifier]


@pytest.fixture(scope="session", autouse=True)
def _compiled_beforehand() -> None:
    trees.warm()


@pytest.fixture(scope="session")
def matrix() -> Callable[..., Doubles]:
    """Bell-shaped, long-tailed and counted features, some missing if asked."""

    def make(rows: int, features: int, missing: float = 0.0, seed: int = 0) -> Doubles:
        chance = np.random.default_rng(seed)
        found = chance.normal(size=(rows, features))
        found[:, 1::3] = np.exp(3.0 * found[:, 1::3])
        found[:, 2::3] = chance.poisson(2.0, found[:, 2::3].shape)
        found[chance.random(found.shape) < missing] = np.nan
        return found

    return make


@pytest.fixture(scope="session")
def trained(matrix: Callable[..., Doubles]) -> Trained:
    def train(
        rows: int = 1_000, features: int = 5, missing: float = 0.0, weights: bool = False, **settings: object
    ) -> HistGradientBoostingClassifier:
        given = matrix(rows, features, missing)
        chance = np.random.default_rng(1)
        fraud = np.nan_to_num(given[:, 0] + 0.1 * given[:, -1]) + 0.5 * chance.normal(size=rows) > 0.5
        fraud[:2] = False, True
        usual = {"max_iter": 20, "max_leaf_nodes": 8, "early_stopping": False, "random_state": 0}
        estimator = HistGradientBoostingClassifier(**(usual | settings))
        return estimator.fit(given, fraud, sample_weight=chance.exponential(size=rows) if weights else None)

    return train


@pytest.fixture(scope="session")
def drawn() -> Drawn:
    def draw(
        chance: np.random.Generator, count: int, leaves: int, features: int, thresholds: Sequence[float]
    ) -> HistGradientBoostingClassifier:
        blank = np.tile(np.arange(50.0)[:, np.newaxis], (1, features))
        estimator = HistGradientBoostingClassifier(max_iter=1, early_stopping=False).fit(blank, blank[:, 0] > 25.0)
        none = np.zeros((0, 8), np.uint32)
        estimator._predictors = [
            [TreePredictor(_tree(chance, int(chance.integers(1, leaves + 1)), features, thresholds), none, none)]
            for _ in range(count)
        ]
        return estimator

    return draw


def _tree(chance: np.random.Generator, leaves: int, features: int, thresholds: Sequence[float]) -> NDArray[np.void]:
    """Grown by splitting leaves at random; the nodes stand in any order behind the root."""
    nodes = np.zeros(2 * leaves - 1, PREDICTOR_RECORD_DTYPE)
    free = [*(chance.permutation(len(nodes) - 1) + 1).tolist()]
    ends = [0]
    while free:
        node = ends.pop(int(chance.integers(len(ends))))
        left, right = free.pop(), free.pop()
        nodes[node]["left"], nodes[node]["right"] = left, right
        nodes[node]["feature_idx"] = chance.integers(features)
        nodes[node]["num_threshold"] = thresholds[int(chance.integers(len(thresholds)))]
        nodes[node]["missing_go_to_left"] = chance.integers(2)
        ends += [left, right]
    nodes["is_leaf"][ends] = 1
    nodes["value"][ends] = chance.normal(size=len(ends)) * 10.0 ** chance.integers(-12, 3, len(ends))
    return nodes
