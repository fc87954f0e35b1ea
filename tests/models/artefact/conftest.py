"""A small model, trained once; its artefact, written once and copied for each test."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier

from models.artefact.golden import choose
from models.artefact.write import Parts, write

FEATURES = ("amount", "hour", "count_1d", "ratio_30d", "days_since_fraud")
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
THRESHOLDS = {"review_at": -1.5, "block_at": 0.2}


def rows_and_classes(seed: int = 0, rows: int = 2_000) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(rows, len(FEATURES)))
    fraud = matrix[:, 0] + matrix[:, 2] * matrix[:, 3] + random.normal(size=rows) > 1
    matrix[random.random(matrix.shape) < 0.05] = np.nan
    return matrix, fraud.astype(np.int64)


def trained(seed: int = 0) -> HistGradientBoostingClassifier:
    matrix, classes = rows_and_classes()
    model = HistGradientBoostingClassifier(max_iter=12, max_leaf_nodes=8, early_stopping=False, random_state=seed)
    return model.fit(matrix[:1_500], classes[:1_500])


def parts_of(model: BaseEstimator, **changes: object) -> Parts:
    matrix, _ = rows_and_classes()
    usual = {
        "estimator": model,
        "features": FEATURES,
        "feature_version": 2,
        "created_at": NOW,
        "thresholds": THRESHOLDS,
        "metrics": {"average_precision": 0.71, "by_week": [0.7, 0.72]},
        "training": {"from": "2025-11-01", "to": "2025-11-28"},
        "medians": {"amount": 0.25, "hour": None},
        "histograms": {"amount": {"edges": [0.0, 1.0], "counts": [3, 4, 5]}},
    }
    if "golden" not in changes:
        changes["golden"] = choose(matrix[1_500:], model.decision_function, THRESHOLDS.values())
    return Parts(**usual | changes)


@pytest.fixture(scope="session")
def model() -> HistGradientBoostingClassifier:
    return trained()


@pytest.fixture(scope="session")
def written(model: BaseEstimator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artefacts") / "good"
    write(parts_of(model), folder)
    return folder


@pytest.fixture
def artefact(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "artefact"))


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """Writes an artefact of another model or with other parts."""

    def make(name: str = "made", *, model: BaseEstimator | None = None, seed: int = 0, **changes: object) -> Path:
        write(parts_of(model if model is not None else trained(seed), **changes), tmp_path / name)
        return tmp_path / name

    return make


@pytest.fixture(scope="session")
def held_back() -> NDArray[np.float64]:
    return rows_and_classes()[0][1_500:]


@pytest.fixture(scope="session")
def features() -> tuple[str, ...]:
    return FEATURES


@dataclass(frozen=True)
class Done:
    """How the program ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(scope="session")
def fraudstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Done]]:
    """The real program, in a new process each time; the imports are shared, so that a hundred calls take seconds."""
    command = [sys.executable, str(Path(__file__).with_name("verifier.py"))]
    root = str(tmp_path_factory.mktemp("registry"))
    environment = {**os.environ, "FRAUDSTREAM_MODELS_ROOT": root, "PYTHONPATH": str(Path(__file__).parents[3])}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) as process:

        def run(*arguments: str) -> Done:
            process.stdin.write(json.dumps(arguments) + "\n")
            process.stdin.flush()
            return Done(*json.loads(process.stdout.readline()))

        yield run
        process.stdin.close()
