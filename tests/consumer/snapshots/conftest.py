"""State of a log, and stores of every kind."""

from pathlib import Path
from typing import Any

import pytest
from pyarrow._fs import _MockFileSystem
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem
from support.snapshots import book, log

from consumer.snapshots.store import Store
from models.cards.extract import Arrays


@pytest.fixture(scope="session")
def arrays() -> Arrays:
    return book(log()).to_arrays(1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "state"), "fraudstream", "transactions")


@pytest.fixture(params=["folder", "address", "in memory", "upload"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A folder, the same by its address, and two that know of no renaming."""
    systems: dict[str, Any] = {
        "in memory": (_MockFileSystem(), "bucket/state"),
        "upload": (SubTreeFileSystem(str(tmp_path), LocalFileSystem()), "bucket/state"),
    }
    if request.param in systems:
        return Store("s3://bucket/state", "fraudstream", "transactions", lambda _: systems[request.param])
    url = str(tmp_path / "state") if request.param == "folder" else f"file://{tmp_path}/state"
    return Store(url, "fraudstream", "transactions")
