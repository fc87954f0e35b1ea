"""Writing: what MLflow reads too, the same digest for the same model, all of it or nothing."""

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.preprocessing import StandardScaler

from models.artefact import durable
from models.artefact.golden import choose
from models.artefact.load import Expected, load
from models.artefact.write import Parts, assemble, write
from schemas.errors import DependencyAway, Misconfigured, Usage

Make = Callable[..., Path]


def test_what_was_written_is_loaded(
    artefact: Path, model: BaseEstimator, held_back: NDArray[np.float64], features: tuple[str, ...]
) -> None:
    """The same margins, to the last bit, and the words that went in."""
    loaded = load(artefact, expected=Expected(features, 2))
    assert loaded.exact
    np.testing.assert_array_equal(loaded.margins(held_back), model.decision_function(held_back))
    assert loaded.manifest.metrics == {"average_precision": 0.71, "by_week": [0.7, 0.72]}
    assert loaded.manifest.medians == {"amount": 0.25, "hour": None}
    assert not loaded.manifest.predict_only


def test_golden_rows_are_where_it_matters(artefact: Path) -> None:
    """At least 256, some with missing values, and rows closely on both sides of each threshold."""
    golden = load(artefact).golden
    assert len(golden.margins) >= 256
    assert golden.missing
    for threshold in (-1.5, 0.2):
        assert (golden.margins < threshold).sum() >= 16
        assert (golden.margins >= threshold).sum() >= 16
        assert np.abs(golden.margins - threshold).min() < 0.2


def test_mlflow_finds_its_files(artefact: Path, features: tuple[str, ...]) -> None:
    """MLmodel names flavours, environment, columns and the types MLflow must trust."""
    described = yaml.safe_load((artefact / "MLmodel").read_text())
    sklearn, function = described["flavors"]["sklearn"], described["flavors"]["python_function"]
    assert (sklearn["serialization_format"], sklearn["pickled_model"]) == ("skops", "model.skops")
    assert sklearn["skops_trusted_types"] == ["sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"]
    assert (function["loader_module"], function["model_path"]) == ("mlflow.sklearn", "model.skops")
    assert {*function["env"].values(), "requirements.txt", "model.skops"} <= {path.name for path in artefact.iterdir()}
    assert [each["name"] for each in json.loads(described["signature"]["inputs"])] == list(features)
    assert yaml.safe_load((artefact / "conda.yaml").read_text())["dependencies"][0].startswith("python=3.")
    assert yaml.safe_load((artefact / "python_env.yaml").read_text())["dependencies"] == ["-r requirements.txt"]


def test_the_same_training_gives_the_same_digest(make: Make) -> None:
    """Whatever the time, and although no two model files are equal byte for byte."""
    one, two = (load(make(name)).manifest.content for name in ("one", "two"))
    assert one == two


@pytest.mark.parametrize(
    "change",
    [
        {"metrics": {"average_precision": 0.72}},
        {"training": {"from": "2025-11-02"}},
        {"feature_version": 3},
        {"seed": 1},
    ],
    ids=["metrics", "window", "features", "seed"],
)
def test_another_model_has_another_digest(make: Make, written: Path, change: dict[str, Any]) -> None:
    """Metrics, training window and features belong to a model as its trees do."""
    if "seed" in change:
        rows = load(written).golden.rows
        model = HistGradientBoostingClassifier(max_iter=11, early_stopping=False)
        model.fit(rows, load(written).golden.margins > 0)
        change = {"model": model, "golden": choose(rows, model.decision_function)}
    assert load(make(**change)).manifest.content != load(written).manifest.content


def test_a_folder_that_exists_is_left_alone(artefact: Path, model: BaseEstimator) -> None:
    """An artefact is never rewritten."""
    before = {path.name: path.read_bytes() for path in artefact.iterdir()}
    with pytest.raises(Usage, match="is there already"):
        durable.write_folder(artefact, {"a": b""})
    assert {path.name: path.read_bytes() for path in artefact.iterdir()} == before


def test_a_full_disk_leaves_nothing(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says so; neither the folder nor the beginning of one is there."""
    files = {path.name: path.read_bytes() for path in written.iterdir()}
    calls = iter(range(10))

    def full(descriptor: int) -> None:
        if next(calls) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DependencyAway, match="No space left"):
        durable.write_folder(tmp_path / "new", files)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("at", range(1, 10))
def test_a_kill_between_steps_leaves_all_or_nothing(tmp_path: Path, written: Path, at: int) -> None:
    """SIGKILL at the n-th sync: what has the name of an artefact is one."""
    code = (
        "import os, signal, sys; from pathlib import Path; from models.artefact import durable\n"
        "count, real = [0], os.fsync\n"
        "def fsync(fd):\n    count[0] += 1\n    os.kill(os.getpid(), 9) if count[0] == int(sys.argv[3]) else real(fd)\n"
        "os.fsync = fsync\n"
        "files = {p.name: p.read_bytes() for p in Path(sys.argv[1]).iterdir()}\n"
        "durable.write_folder(Path(sys.argv[2]), files)\n"
    )
    target = tmp_path / "new"
    done = subprocess.run([sys.executable, "-c", code, written, target, str(at)], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert target.exists() == (at == 9)
    if target.exists():
        load(target)


@pytest.mark.parametrize("name", ["../up", "model.skops", "model.pkl", ".hidden", ""])
def test_strange_extras_are_not_written(make: Make, name: str) -> None:
    """Beside a model lie plots and pages, not what could be taken for a model."""
    with pytest.raises(Usage, match="beside a model"):
        make(extras={name: b"x"})


def test_extras_are_accounted_for(make: Make) -> None:
    """A plot lies in the artefact with its digest."""
    folder = make(extras={"card.md": b"# Card\n"})
    assert load(folder).manifest.files["card.md"].size == 7


def test_too_few_golden_rows_are_not_written(model: BaseEstimator, held_back: NDArray[np.float64]) -> None:
    """256 rows are the least that is believed."""
    few = choose(held_back[:50], model.decision_function)
    with pytest.raises(Usage, match="golden vectors"):
        assemble(Parts(model, list("abcde"), 2, few, created_at=datetime.now(UTC)))


def test_a_broken_model_is_not_written(make: Make) -> None:
    """What would be refused at loading is refused at writing."""
    with pytest.raises(Misconfigured, match="cannot predict"):
        write(Parts(StandardScaler(), ["a"], 2, None, None), Path("unused"))  # type: ignore[arg-type]
