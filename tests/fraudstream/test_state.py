"""`fraudstream state`: what is there, what is wrong with it, what may go."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.snapshots import ORIGIN, TERMS, book, log, put, taken
from typer.testing import CliRunner

from consumer.snapshots.digest import fold_digest
from consumer.snapshots.store import Store
from fraudstream.cli import app
from models.cards.extract import Arrays
from schemas.errors import DependencyAway
from schemas.settings import load

NOON_MS = 1_767_700_000_000


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    return book(log(1_000), TERMS).to_arrays(1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "state"), ORIGIN.group, ORIGIN.topic)


def state(store: Store, *words: str) -> str:
    done = CliRunner().invoke(app, ["state", *words, "--set", f"state.url={store.url}"])
    assert done.exit_code == 0, done.output
    return done.stdout


def shown(store: Store, *words: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(state(store, "show", "--json", *words))
    return rows


def fill(store: Store, arrays: Arrays) -> None:
    digest = fold_digest(load({}, env={}))
    for offset in range(6):
        put(store, taken(offset=offset, log_ms=NOON_MS + offset, fold_digest=digest), arrays)


def test_nothing_is_said_to_be_nothing(store: Store) -> None:
    """And where that is."""
    assert state(store, "show") == f"no snapshots in {store}\n"
    assert shown(store) == []


def test_what_there_is(store: Store, arrays: Arrays) -> None:
    """By partition, the newest first; in lines for people, as JSON for programs."""
    digest = fold_digest(load({}, env={}))
    put(store, taken(1, 7_000, log_ms=NOON_MS, fold_digest=digest, cold_since_ms=NOON_MS), arrays)
    put(store, taken(0, 9_000, log_ms=NOON_MS), arrays)
    rows = shown(store)
    assert [(row["partition"], row["offset"], row["state"]) for row in rows] == [
        (0, 9_000, "other_fold"),
        (1, 7_000, "fits"),
    ]
    assert (rows[1]["cards"], rows[1]["entries"]) == (len(arrays["keys"]), len(arrays["entries"]))
    assert rows[1]["cold_since"] == rows[1]["log_time"] == "2026-01-06T11:46:40Z"
    assert [row["partition"] for row in shown(store, "--partition", "1")] == [1]
    first, second = state(store, "show").splitlines()
    assert first.startswith("partition 0     offset 9,000          log 2026-01-06T11:46:40Z  made 2027-01-15")
    assert first.endswith("other_fold: other code or settings than these would have made other state")
    assert second.endswith("cold since 2026-01-06T11:46:40Z  fits")


def test_what_is_damaged(store: Store, arrays: Arrays) -> None:
    """A header or a size tell at once, a changed number only to who reads it all."""
    fill(store, arrays)
    paths = sorted(Path(store.url).rglob("*.snapshot"))
    paths[0].write_bytes(paths[0].read_bytes()[:-1])
    paths[1].write_bytes(b"x" * 100)
    paths[2].write_bytes(paths[2].read_bytes()[:-1] + b"\1")
    states = [row["state"] for row in shown(store)]
    assert states == ["fits", "fits", "fits", "fits", "damaged", "damaged"]
    assert [row["state"] for row in shown(store, "--verify")] == ["fits", "fits", "fits", *["damaged"] * 3]
    assert "damaged: it is no snapshot" in state(store, "show")


def test_pruning(store: Store, arrays: Arrays) -> None:
    """First told, then done, by the settings of the scorer."""
    fill(store, arrays)
    told = state(store, "prune", "--dry-run", "--set", "state.keep_last=2")
    assert len(store.snapshots()) == 6
    done = state(store, "prune", "--set", "state.keep_last=2")
    assert told.splitlines()[:-1] == done.splitlines()[:-1]
    assert told.splitlines()[-1] == f"4 snapshots would be removed from {store}"
    assert done.splitlines()[-1] == f"4 snapshots removed from {store}"
    assert [each.name.offset for each in store.snapshots()] == [5, 4]


def test_a_store_that_does_not_answer(tmp_path: Path) -> None:
    """A sentence, and the exit code of what is away."""
    (tmp_path / "group=fraudstream").symlink_to("group=fraudstream")
    done = CliRunner().invoke(app, ["state", "show", "--set", f"state.url={tmp_path}"])
    assert isinstance(done.exception, DependencyAway)
    assert "cannot be reached" in done.exception.message
