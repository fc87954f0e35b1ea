"""A shelf of lists and a registry with models, each test its own; policies and entries made from a few words."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from models.artefact.golden import choose
from models.artefact.write import Parts, write
from models.policies.list_file import Entries
from models.policies.list_shelf import ListShelf
from models.policies.policies import Policies
from models.policies.policy_file import PolicyFile
from models.registry.by import By
from models.registry.registry import Registry

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
CONTENT: dict[str, Any] = {
    "format": 1,
    "kind": "recall",
    "target": 0.95,
    "review_at": 0.1,
    "block_at": 0.9,
    "model": "ab" * 32,
    "costs": {"review_minor": 500, "wrong_block_minor": 2_000},
    "limits": {"amount_high_minor": 200_000, "amount_extreme_minor": 500_000},
}


@pytest.fixture
def content() -> dict[str, Any]:
    """The least that a policy says."""
    return dict(CONTENT)


@pytest.fixture
def by() -> By:
    return By("ada", "because", NOW)


@pytest.fixture
def shelf(tmp_path: Path) -> ListShelf:
    return ListShelf(tmp_path / "models")


@pytest.fixture(scope="session")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two models of the same features."""
    folder = tmp_path_factory.mktemp("artefacts")
    rows = np.random.default_rng(0).normal(size=(500, 3))
    for seed in range(2):
        model = HistGradientBoostingClassifier(max_iter=3, random_state=seed).fit(rows, rows[:, seed] > 0)
        golden = choose(rows, model.decision_function)
        write(Parts(model, ("a", "b", "c"), 2, golden, NOW), folder / str(seed))
    return [folder / str(seed) for seed in range(2)]


@pytest.fixture
def policies(tmp_path: Path, artefacts: list[Path], by: By) -> Policies:
    """Of a registry with models:/fraud/1 and models:/fraud/2."""
    registry = Registry(tmp_path / "models")
    for folder in artefacts:
        registry.add("fraud", folder, by)
    return Policies(registry)


@pytest.fixture
def policy_for(policies: Policies) -> Callable[..., PolicyFile]:
    """A policy for that version of the model."""

    def make(version: int, **given: object) -> PolicyFile:
        digest = policies.registry.resolve(f"models:/fraud/{version}").digest
        return PolicyFile.model_validate(CONTENT | {"model": digest} | given)

    return make


@pytest.fixture
def entries() -> Callable[..., Entries]:
    def make(name: str, *values: str, start: int = 0, end: int = 1_000, who: str = "ada") -> Entries:
        return Entries(
            name=name, values=tuple(sorted(set(values))), from_ms=start, until_ms=end, who=who, why="because"
        )

    return make
