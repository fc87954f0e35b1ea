"""Models of each kind, as they are registered."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from sklearn.linear_model import LogisticRegression
from skops.io import dumps

from models.artefact import foreign
from models.artefact.load import load
from models.artefact.write import write
from models.predicting.predictor import Predictor

NOW = datetime(2026, 1, 5, tzinfo=UTC)
Import = Callable[..., Predictor]


@pytest.fixture
def imported(tmp_path: Path) -> Import:
    """A directory like one of mlflow.sklearn.save_model, taken in."""

    def imported(model: Any, *columns: tuple[str, str]) -> Predictor:
        folder = tmp_path / f"mlflow-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "model.skops").write_bytes(dumps(model))
        described: dict[str, Any] = {
            "flavors": {"sklearn": {"pickled_model": "model.skops", "serialization_format": "skops"}}
        }
        if columns:
            inputs = [{"type": kind, "name": name, "required": True} for name, kind in columns]
            described["signature"] = {"inputs": json.dumps(inputs)}
        (folder / "MLmodel").write_text(yaml.safe_dump(described))
        write(foreign.parts(folder, created_at=NOW), folder / "ours")
        return Predictor.of(load(folder / "ours"))

    return imported


@pytest.fixture(scope="session")
def flowers() -> LogisticRegression:
    """Three kinds by four measures."""
    random = np.random.default_rng(0)
    kinds = np.repeat(np.arange(3), 50)
    return LogisticRegression(max_iter=500).fit(np.abs(random.normal(size=(150, 4))) + 3 * kinds[:, None], kinds)
