"""A small model of made-up features: amounts far above the card's own, and terminals with fraud, are fraud."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from models import trees
from models.features import FEATURES, POSITION
from models.trees.evaluator import Evaluator

ROWS = 20_000
Past = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="session")
def past() -> Past:
    chance = np.random.default_rng(5)
    matrix = chance.random((ROWS, len(FEATURES)))
    matrix[:, POSITION["ratio_median_30d"]] = np.exp(chance.normal(0, 0.5, ROWS))
    matrix[:, POSITION["terminal_fraud_run"]] = np.where(chance.random(ROWS) < 0.02, 5.0, 0.0)
    matrix[:, POSITION["card_days_since_fraud"]] = np.where(chance.random(ROWS) < 0.2, 9.0, np.nan)
    odds = 3.0 * (matrix[:, POSITION["ratio_median_30d"]] > 3) + 3.0 * (matrix[:, POSITION["terminal_fraud_run"]] > 1)
    return matrix, chance.random(ROWS) < 0.01 * np.exp(odds)


@pytest.fixture(scope="session")
def model(past: Past) -> Evaluator:
    estimator = HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=4, early_stopping=False, random_state=1)
    return trees.compile(estimator.fit(*past), len(FEATURES))
