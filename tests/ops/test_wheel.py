"""The wheel, built from what the image's build sees: it works away from the source tree."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def source(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image's build sees."""
    source = tmp_path_factory.mktemp("source")
    for line in (root / ".dockerignore").read_text("utf-8").splitlines():
        if line.startswith("!"):
            copy(root / line[1:], source / line[1:])
    return source


@pytest.fixture(scope="module")
def installed(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content, as an installer would lay it out."""
    built, target = (tmp_path_factory.mktemp(name) for name in ("built", "target"))
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(built)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    else:
        shutil.copy(source, target)


def python(installed: Path, *arguments: str) -> str:
    """What a program prints that finds our packages in the wheel first."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "COLUMNS": "100"}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=installed.parent, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_every_file_is_in_it(installed: Path, source: Path) -> None:
    """The packages arrive whole: contracts, digests and type markers too."""
    wheel = tomllib.loads((source / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    for package in wheel["packages"]:
        assert files(source / package) == files(installed / package)
    assert {"transaction-v1.avsc"} <= files(installed / "schemas" / "avro")


def test_the_contracts_are_read_from_it(installed: Path) -> None:
    """What is read as a file is found in the wheel."""
    code = "import schemas.contracts as contracts; print(len(contracts.VERSIONS), contracts.__file__)"
    versions, file = python(installed, "-c", code).split(maxsplit=1)
    assert Path(file).is_relative_to(installed)
    assert int(versions) >= 4


def test_the_command_line_answers(installed: Path) -> None:
    """`fraudstream --help` works with nothing but the wheel and its dependencies."""
    text = python(installed, "-m", "fraudstream", "--help")
    assert "score" in text
    assert "topics" in text
