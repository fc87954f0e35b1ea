"""`fraudstream policies`, the real program: exit codes, messages, JSON."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from sklearn.linear_model import LogisticRegression
from skops.io import dumps

Run = Callable[..., subprocess.CompletedProcess[str]]


def parsed(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def imported(run: Run, folder: Path, slope: float) -> str:
    """A small model of MLflow, registered; gives its digest."""
    rows = np.random.default_rng(0).normal(size=(80, 4))
    folder.mkdir()
    (folder / "model.skops").write_bytes(dumps(LogisticRegression(C=slope).fit(rows, rows[:, 0] > 0)))
    flavor = {"pickled_model": "model.skops", "serialization_format": "skops"}
    (folder / "MLmodel").write_text(yaml.safe_dump({"flavors": {"sklearn": flavor}}))
    done = parsed(run("models", "import", str(folder), "--name", "fraud", "--why", "try", "--json"))
    return str(done["digest"])


def test_the_life_of_a_policy(run: Run, tmp_path: Path) -> None:
    """In, up, up, back; refused for another model; every step in the history, and a changed file is found."""
    digest, other = (imported(run, tmp_path / str(number), float(number)) for number in (1, 2))
    policy = {
        "format": 1,
        "kind": "recall",
        "target": 0.95,
        "review_at": 0.1,
        "block_at": 0.9,
        "model": digest,
        "costs": {"review_minor": 500, "wrong_block_minor": 2_000},
        "limits": {"amount_high_minor": 200_000, "amount_extreme_minor": 500_000},
    }
    assert "no policies" in run("policies", "list").stdout
    (tmp_path / "p.json").write_text(json.dumps(policy, indent=2))
    added = run("policies", "add", "models:/fraud/1", "p.json", "--why", "first")
    assert "register policies:/fraud/1" in added.stdout, added.stderr
    (tmp_path / "p.json").write_text(json.dumps(policy | {"kind": "cost", "target": None, "review_at": 0.2}))
    assert run("policies", "add", "models:/fraud/1", "p.json", "--why", "second").returncode == 0
    refused = run("policies", "add", "models:/fraud/2", "p.json", "--why", "wrong one")
    assert refused.returncode == 78
    assert digest[:12] in refused.stderr
    assert other[:12] in refused.stderr
    for number in (1, 2):
        done = run("policies", "promote", f"policies:/fraud/{number}", "--why", "good", "--who", "ada")
        assert done.returncode == 0, done.stderr
    assert [each["live"] for each in parsed(run("policies", "list", "--json"))] == [False, True]
    assert "live: 2 -> 1" in run("policies", "rollback", "models:/fraud/1", "--why", "too many alerts").stdout
    shown = parsed(run("policies", "show", "policies:/fraud/1", "--json"))
    assert [each["action"] for each in shown["history"]] == ["register", "promote", "rollback"]
    assert (shown["live"], shown["content"]["review_at"]) == (True, 0.1)
    assert "ada: promote policies:/fraud/1" in run("policies", "show", "policies:/fraud/1").stdout
    path = tmp_path / "registry" / "fraud" / "policies" / "1.json"
    path.write_text(path.read_text().replace("0.1", "0.0"))
    for arguments in (("policies", "show", "policies:/fraud/1"), ("policies", "list"), ("models", "verify")):
        done = run(*arguments)
        assert done.returncode == 78
        assert "fraud/policies/1.json: was altered" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"review_at": 0.95', "review_at 0.95 is above block_at 0.9"),
        ('"review_at": NaN', "review_at"),
        ('"review_at": 0.1, "tea": 1', "tea: Extra inputs"),
        ('"review_at": 0.1, "review_at": 0.2', "review_at is there twice"),
        ('"review_at": 0.1 0.2', "is no policy"),
    ],
)
def test_what_is_no_policy_is_refused(run: Run, tmp_path: Path, text: str, said: str) -> None:
    """Exit code 78, with the file and the place."""
    rest = {"format": 1, "kind": "cost", "target": None, "block_at": 0.9, "model": "ab" * 32}
    rest |= {
        "costs": {"review_minor": 1, "wrong_block_minor": 1},
        "limits": {"amount_high_minor": 1, "amount_extreme_minor": 2},
    }
    (tmp_path / "p.json").write_text(json.dumps(rest)[:-1] + f", {text}}}")
    done = run("policies", "add", "models:/fraud/1", "p.json", "--why", "x")
    assert done.returncode == 78
    assert "p.json: is no policy" in done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
