"""Two small artefacts, and a registry of one's own."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from models.artefact.golden import choose
from models.artefact.write import Parts, write
from models.registry.registry import By, Registry

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three good models of the same features."""
    folder = tmp_path_factory.mktemp("artefacts")
    rows = np.random.default_rng(0).normal(size=(500, 3))
    for seed in range(3):
        model = HistGradientBoostingClassifier(max_iter=3, random_state=seed).fit(rows, rows[:, seed] > 0)
        golden = choose(rows, model.decision_function)
        write(Parts(model, ("a", "b", "c"), 2, golden, NOW), folder / str(seed))
    return [folder / str(seed) for seed in range(3)]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models")


@pytest.fixture
def by() -> By:
    return By("ada", "because", NOW)


@pytest.fixture
def filled(registry: Registry, artefacts: list[Path], by: By) -> Registry:
    """Three versions of `fraud`, none of them live."""
    for folder in artefacts:
        registry.add("fraud", folder, by)
    return registry


@pytest.fixture
def spoil() -> Callable[[Path], None]:
    """Makes an artefact a bad one."""

    def spoil(folder: Path) -> None:
        (folder / "requirements.txt").write_text("changed")

    return spoil


@pytest.fixture
def copy(tmp_path: Path) -> Callable[[Path], Path]:
    return lambda folder: Path(shutil.copytree(folder, tmp_path / "copy"))
