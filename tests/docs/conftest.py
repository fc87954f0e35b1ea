"""The pages for people, and the generator that makes some of them."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def docs() -> Path:
    return ROOT / "docs"


@pytest.fixture(scope="session")
def markdown() -> list[Path]:
    """Every page of the project."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.fixture(scope="session")
def generate(docs: Path) -> Iterator[ModuleType]:
    """The generator as `python docs/generate.py` sees itself."""
    sys.path.insert(0, str(docs))
    yield importlib.import_module("generate")
    sys.path.remove(str(docs))
