"""A registry of its own for each test, and settings that know it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.registered import Shop

from schemas.settings import Settings
from schemas.settings.loading import load


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Settings]:
    """Settings with the registry of this test; dots as two underscores."""

    def make(**given: str) -> Settings:
        root = {"models.root": str(tmp_path / "models"), "rules.home_countries": "DE"}
        return load(root | {name.replace("__", "."): value for name, value in given.items()}, env={})

    return make


@pytest.fixture
def shop(make: Callable[..., Settings], tmp_path: Path) -> Shop:
    return Shop(make(), tmp_path)
