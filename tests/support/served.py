"""A registry with one small model of each kind that is served, and applications that serve them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_iris
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from models.artefact.golden import choose
from models.artefact.write import Parts
from models.registry.by import By
from models.registry.intake import enter
from models.registry.registry import Registry, Resolved
from schemas.settings.serve import Serve
from serving.app import Parts as Served
from serving.app import build
from serving.door.live import Live
from serving.server import running

BY = By("ada", "because", datetime(2026, 1, 5, 12, tzinfo=UTC))
IRIS = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")
ROW = [5.1, 3.5, 1.4, 0.2]
SENTENCES = ("I loved this movie", "Terrible acting and plot", "Fantastic experience", "Worst film ever")
LIKED = (1, 0, 1, 0)
LOAN = ("age", "income", "employed")
LOAN_TYPES = ("long", "double", "boolean")


@cache
def iris(seed: int = 0) -> Any:
    """Three kinds of flowers; other seeds leave other trees."""
    rows, kinds = load_iris(return_X_y=True)
    shape = {"max_iter": 10 + seed, "early_stopping": False, "random_state": seed}
    return HistGradientBoostingClassifier(**shape).fit(rows, kinds)


@cache
def reviews() -> Any:
    return make_pipeline(CountVectorizer(), LogisticRegression()).fit(SENTENCES, LIKED)


@cache
def loans() -> Any:
    """Two classes; columns of three types."""
    random = np.random.default_rng(7)
    rows = np.column_stack(
        [random.integers(18, 80, 400), random.normal(40_000, 9_000, 400), random.integers(0, 2, 400)]
    )
    good = (rows[:, 1] + 20_000 * rows[:, 2] > 45_000).astype(int)
    return HistGradientBoostingClassifier(max_iter=8, early_stopping=False).fit(rows.astype(float), good)


def numbers(estimator: Any, names: Sequence[str], rows: Any, **more: Any) -> Parts:
    golden = choose(rows, getattr(estimator, "decision_function", estimator.predict))
    return Parts(estimator, list(names), None, golden, BY.at, **more)


def iris_parts(seed: int = 0) -> Parts:
    rows, _ = load_iris(return_X_y=True)
    return numbers(iris(seed), IRIS, np.repeat(rows, 2, axis=0))


def review_parts() -> Parts:
    texts = [" ".join((*SENTENCES[at % 4].split(), "word" * (at % 7))) for at in range(300)]
    return Parts(reviews(), ["text"], None, choose(texts, reviews().decision_function), BY.at)


def loan_parts() -> Parts:
    random = np.random.default_rng(9)
    rows = np.column_stack(
        [random.integers(18, 80, 400), random.normal(40_000, 9_000, 400), random.integers(0, 2, 400)]
    )
    return numbers(loans(), LOAN, rows.astype(float), types=LOAN_TYPES)


PARTS = {"iris": iris_parts, "reviews": review_parts, "loans": loan_parts}


def registered(root: Path, *names: str) -> Registry:
    """With those models, each the champion of its name."""
    registry = Registry(root)
    for name in names:
        promoted(registry, name, PARTS[name]())
    return registry


def promoted(registry: Registry, name: str, parts: Parts) -> Resolved:
    found = enter(registry, name, parts, BY)
    registry.promote(str(found), BY)
    return found


@contextmanager
def served(live: Live | None, **more: Any) -> Iterator[str]:
    """The URL of a door of this process."""
    settings = Serve(**{"port": 0, **more})
    with running(build(Served(settings, "1.2.3", live)), settings) as url:
        yield url
