"""`fraudstream models`, the real program: exit codes, messages, JSON."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from sklearn.linear_model import LogisticRegression
from skops.io import dumps
from support.forked import Forked

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path, forked: Forked) -> Run:
    """The program with a registry of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("FRAUDSTREAM_")}
    env["FRAUDSTREAM_MODELS_ROOT"] = str(tmp_path / "registry")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return forked.run("models", *arguments, cwd=tmp_path, env=env)

    return run


def saved(folder: Path, form: str = "skops", slope: float = 1.0) -> str:
    """A directory as MLflow writes it."""
    rows = np.random.default_rng(0).normal(size=(80, 4))
    folder.mkdir()
    (folder / "model.skops").write_bytes(dumps(LogisticRegression(C=slope).fit(rows, rows[:, 0] > 0)))
    flavor = {"pickled_model": "model.skops", "serialization_format": form}
    (folder / "MLmodel").write_text(yaml.safe_dump({"flavors": {"sklearn": flavor}}))
    return str(folder)


def parsed(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_life_of_a_model(run: Run, tmp_path: Path) -> None:
    """In, up, up, back; every step is in the history, and all of it verifies."""
    assert "no models" in run("list").stdout
    for number in (1, 2):
        done = run("import", saved(tmp_path / str(number), slope=float(number)), "--name", "iris", "--why", "first try")
        assert done.returncode == 0, done.stderr
        assert f"models:/iris/{number} is " in done.stdout
    assert run("promote", "models:/iris/1", "--why", "good enough", "--who", "ada").returncode == 0
    promoted = parsed(run("promote", "models:/iris/latest", "--why", "better", "--json"))
    assert (promoted["version"], promoted["replaced"], promoted["alias"]) == (2, 1, "champion")
    assert "champion: 2 -> 1" in run("rollback", "iris", "--why", "it was not").stdout
    listed = parsed(run("list", "--json"))
    assert [(each["version"], each["aliases"]) for each in listed] == [(1, ["champion"]), (2, [])]
    shown = parsed(run("show", "models:/iris/Production", "--json"))
    assert [each["action"] for each in shown["history"]] == ["register", "register", "promote", "promote", "rollback"]
    assert shown["manifest"]["feature_version"] is None
    assert shown["history"][2]["who"] == "ada"
    verified = parsed(run("verify", "--json"))
    assert [each["model"] for each in verified["verified"]] == ["models:/iris/1", "models:/iris/2"]
    assert "good enough" in run("show", "models:/iris/1").stdout


HEAVY = ("numba", "numpy", "pyarrow", "rich", "scipy", "skops", "sklearn", "structlog")
LOOK = f"""
import sys
from fraudstream.cli import main
try:
    main()
except SystemExit as end:
    print(end.code, sorted(set({HEAVY}) & set(sys.modules)))
"""


@pytest.mark.parametrize("words", [("list",), ("show", "models:/iris/1")])
def test_looking_loads_nothing_heavy(run: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    """What is registered and what is live is answered at once: nothing is computed for it."""
    run("import", saved(tmp_path / "in"), "--name", "iris", "--why", "first try")
    command = [sys.executable, "-c", LOOK, "models", *words, "--root", str(tmp_path / "registry")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "iris" in done.stdout
    assert done.stdout.splitlines()[-1] == "0 []"


def test_a_pickle_is_refused_with_the_way_out(run: Run, tmp_path: Path) -> None:
    """Exit code 78."""
    done = run("import", saved(tmp_path / "old", "cloudpickle"), "--name", "iris", "--why", "try")
    assert done.returncode == 78
    assert "saved as cloudpickle" in done.stderr
    assert 'serialization_format="skops"' in done.stderr


def test_verify_names_every_fault(run: Run, tmp_path: Path) -> None:
    """All versions are looked at, and exit code 78 is for any of them."""
    for number in (1, 2, 3):
        run("import", saved(tmp_path / str(number)), "--name", "iris", "--why", "try")
    for number in (1, 3):
        (tmp_path / "registry" / "iris" / str(number) / "MLmodel").write_text("x")
    done = run("verify", "--json")
    assert done.returncode == 78
    said = json.loads(done.stdout)
    assert [each["model"] for each in said["verified"]] == ["models:/iris/2"]
    assert ["iris/1/MLmodel" in said["problems"][0], "iris/3/MLmodel" in said["problems"][1]] == [True, True]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("show", "models:/iris"), 64, "says no version"),
        (("show", "models:/iris/1"), 78, "has no model iris"),
        (("verify", "nowhere"), 64, "no folder"),
        (("promote", "./folder", "--why", "x"), 64, "only registered versions"),
        (("promote", "models:/iris/1"), 64, "--why"),
        (("promote", "models:/iris/1", "--why", "x", "--alias", "a b"), 64, "cannot be an alias"),
        (("rollback", "iris", "--why", "x"), 64, "no champion before"),
        (("rollback", "../iris", "--why", "x"), 64, "cannot name a model"),
        (("import", "nowhere", "--name", "iris", "--why", "x"), 78, "cannot be read"),
        (("import", ".", "--name", "a/b", "--why", "x"), 64, "cannot name a model"),
        (("list", "--set", "models.trusted=os system"), 78, "models.trusted"),
    ],
)
def test_what_is_wrong_is_said(run: Run, arguments: tuple[str, ...], code: int, said: str) -> None:
    """64 for wrong words, 78 for what is refused; never a traceback."""
    done = run(*arguments)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_reading_makes_nothing(run: Run, tmp_path: Path) -> None:
    """`list` and `verify` of an empty registry leave no folder behind."""
    assert run("list").returncode == run("verify").returncode == 0
    assert not (tmp_path / "registry").exists()
