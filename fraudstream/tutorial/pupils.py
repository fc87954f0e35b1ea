"""The models of the tutorial: small, made here in a moment, registered like any other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from models.artefact.golden import FEWEST, choose
from models.artefact.margins import Rows, function_of, margins
from models.artefact.write import Parts
from models.registry.by import By
from models.registry.intake import enter
from models.registry.registry import Registry

LAST: Final = 7
"""The doubler has seen the numbers from 1 to this one, and knows no others."""
REVIEWS: Final = {
    "I enjoyed that movie": 1,
    "That movie is dull": 0,
    "Great acting": 1,
    "Awful acting": 0,
}
SEED: Final = 20_260_105
WHY: Final = "the tutorial"


@dataclass(frozen=True, slots=True)
class Pupil:
    name: str
    columns: Sequence[str]
    estimator: Any
    rows: Rows
    """Made up: what its golden vectors are chosen from."""


def doubler() -> Pupil:
    """Trees that give back twice the number they are shown."""
    numbers = np.arange(1.0, LAST + 1)[:, None]
    shape = {"max_iter": 1, "learning_rate": 1.0, "min_samples_leaf": 1, "max_leaf_nodes": None}
    model = HistGradientBoostingRegressor(**shape, early_stopping=False).fit(numbers, 2 * numbers.ravel())
    return Pupil("doubler", ["number"], model, np.resize(numbers, (FEWEST, 1)))


def leavers() -> Pupil:
    """Customers go who have not ordered for long, the sooner the fewer orders they ever made."""
    days, orders = np.meshgrid(np.arange(0.0, 121.0, 5.0), np.arange(1.0, 21.0))
    rows = np.column_stack([days.ravel(), orders.ravel()])
    model = LogisticRegression(C=1e-3, max_iter=1_000).fit(rows, (rows[:, 0] > 30 + 3 * rows[:, 1]).astype(np.int64))
    return Pupil("leavers", ["days_since_order", "orders"], model, rows)


def critic() -> Pupil:
    """Four sentences taught it; vectoriser and model are one."""
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(list(REVIEWS), list(REVIEWS.values()))
    words = sorted({word for review in REVIEWS for word in review.lower().split()})
    random = np.random.default_rng(SEED)
    texts = [" ".join(random.choice(words, size=4)) for _ in range(FEWEST)]
    return Pupil("critic", ["text"], model, texts)


PUPILS: Final[Sequence[Callable[[], Pupil]]] = (doubler, leavers, critic)


def registered(registry: Registry) -> None:
    """Each as the first version of its name."""
    by = By("tutorial", WHY, datetime.now(UTC))
    for make in PUPILS:
        pupil = make()
        enter(registry, pupil.name, _parts(pupil, by), by)


def _parts(pupil: Pupil, by: By) -> Parts:
    function = function_of(pupil.estimator, pupil.name)
    golden = choose(pupil.rows, lambda rows: margins(pupil.estimator, function, rows))
    return Parts(pupil.estimator, pupil.columns, None, golden, by.at, training={"made_for": WHY})
