"""The hooks before a commit: what the gate runs, from the locked environment, and nothing from elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.fixture
def hooks(root: Path) -> list[dict[str, Any]]:
    (repo,) = yaml.safe_load((root / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert repo["repo"] == "local"
    return list(repo["hooks"])


def test_the_client_accepts_them(root: Path, tmp_path: Path) -> None:
    """pre-commit finds nothing wrong with the file, and nothing outdated."""
    command = [sys.executable, "-m", "pre_commit", "validate-config", str(root / ".pre-commit-config.yaml")]
    environment = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_they_are_those_of_the_gate(hooks: list[dict[str, Any]], root: Path) -> None:
    """Each runs a program of the environment that a target of the Makefile runs too, without fetching one."""
    makefile = (root / "Makefile").read_text("utf-8").replace("$(BIN)", ".venv/bin")
    for hook in hooks:
        program = re.sub(r" --(?!check$).*", "", hook["entry"])
        assert hook["language"] == "system"
        assert program in makefile
        assert "additional_dependencies" not in hook


def test_none_of_the_gate_is_missing(hooks: list[dict[str, Any]]) -> None:
    """Rules, format, types, imports and pages are looked at before a commit."""
    assert [hook["id"] for hook in hooks] == ["ruff", "ruff-format", "mypy", "imports", "docs"]
