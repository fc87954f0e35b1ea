"""The page about policies: its commands run as they stand, its tables have every list and every reason."""

import json
import os
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import yaml
from sklearn.linear_model import LogisticRegression
from skops.io import dumps
from support.forked import Forked

from models.policies.kinds import KINDS
from models.policies.policy_file import PolicyFile
from models.policies.reasons import SENTENCES
from models.reasons.codes import SENTENCES as OF_MODELS_AND_RULES


@pytest.fixture
def page(docs: Path) -> str:
    return (docs / "policies.md").read_text("utf-8")


def test_its_commands_run(page: str, root: Path, tmp_path: Path, forked: Forked) -> None:
    """From top to bottom, in a registry with one model."""
    env = os.environ | {"FRAUDSTREAM_MODELS_ROOT": str(tmp_path / "registry"), "PYTHONPATH": str(root)}

    def run(program: str, *words: str) -> str:
        assert program == "fraudstream"
        done = forked.run(*words, cwd=tmp_path, env=env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    rows = np.random.default_rng(0).normal(size=(80, 4))
    (folder := tmp_path / "model").mkdir()
    (folder / "model.skops").write_bytes(dumps(LogisticRegression().fit(rows, rows[:, 0] > 0)))
    flavor = {"pickled_model": "model.skops", "serialization_format": "skops"}
    (folder / "MLmodel").write_text(yaml.safe_dump({"flavors": {"sklearn": flavor}}))
    added = json.loads(run("fraudstream", "models", "import", str(folder), "--name", "fraud", "--why", "x", "--json"))

    (shown,) = re.findall(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "policy.json").write_text(shown.replace("<content digest, 64 hex digits>", added["digest"]))
    blocks = re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines()]
    assert len(commands) > 10
    printed = [run(*shlex.split(line)) for line in commands]
    assert "live" in next(text for line, text in zip(commands, printed, strict=True) if line.endswith("policies list"))
    assert "term-9" not in printed[-1]
    assert "card-77" in printed[-1]


def test_every_field_of_a_policy_is_explained(page: str) -> None:
    """In the table and in the example."""
    explained = set(re.findall(r"`(\w+)`", page))
    assert set(PolicyFile.model_fields) - {"format"} <= explained
    (shown,) = re.findall(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert set(json.loads(shown)) == set(PolicyFile.model_fields)


def test_every_list_and_reason_is_there(page: str) -> None:
    """Each list by its name, each reason that is no rule with its sentence."""
    assert [kind.name for kind in KINDS if f"`{kind.name}`" not in page] == []
    others = set(SENTENCES) - set(OF_MODELS_AND_RULES)
    assert others
    assert [code for code in sorted(others) if f"| `{code}` | {SENTENCES[code]}" not in page] == []
