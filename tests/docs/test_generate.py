"""Generated pages are what the code says, and somebody notices when they are not."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest


def test_the_pages_are_fresh(generate: ModuleType, docs: Path) -> None:
    """`make docs` would change nothing."""
    assert generate.stale(docs) == []


def test_writing_makes_them_fresh(generate: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After writing, the check is content and says nothing."""
    assert generate.main([], tmp_path) == 0
    assert generate.main(["--check"], tmp_path) == 0
    assert capsys.readouterr().err == ""


def test_a_stale_page_is_named(generate: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The check fails with each page that differs or is missing, and no other; it writes nothing."""
    generate.main([], tmp_path)
    (tmp_path / "settings.md").write_text("old", "utf-8")
    (tmp_path / "topics.md").unlink()
    assert generate.main(["--check"], tmp_path) == 1
    assert capsys.readouterr().err.splitlines() == [
        "settings.md is not what the code says; run `make docs`",
        "topics.md is not what the code says; run `make docs`",
    ]
    assert (tmp_path / "settings.md").read_text("utf-8") == "old"
    assert not (tmp_path / "topics.md").exists()


def test_the_pages_are_the_same_everywhere(docs: Path, tmp_path: Path) -> None:
    """Neither the terminal nor the machine's settings, nor the order of sets, changes a page."""
    elsewhere = {
        "PYTHONHASHSEED": "7",
        "COLUMNS": "40",
        "TERM": "dumb",
        "FORCE_COLOR": "1",
        "HOME": str(tmp_path),
        "TZ": "Asia/Tokyo",
        "FRAUDSTREAM_HEALTH_PORT": "1234",
    }
    command = [sys.executable, str(docs / "generate.py"), "--check"]
    environment = {**os.environ, **elsewhere}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
