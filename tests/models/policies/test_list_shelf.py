"""The versions of the lists: every change one more, with who and why, whoever else writes and whatever breaks."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from models.policies.kinds import SNOOZE, kind_of
from models.policies.list_file import ListFile
from models.policies.list_shelf import ListShelf
from models.registry import ledger
from models.registry.by import By
from models.registry.documents import LISTS
from models.registry.registry import Registry
from schemas.errors import DependencyAway, Misconfigured, Usage

CARDS = kind_of("card_block")


def names(shelf: ListShelf, version: int | None = None) -> set[str]:
    return shelf.file(version).values(CARDS)


def test_every_change_is_a_version(shelf: ListShelf, by: By) -> None:
    """Older ones stay as they were, for whoever recomputes what was decided with them."""
    shelf.add(CARDS, ["a", "b"], 0, 10, by)
    shelf.add(CARDS, ["c"], 0, 10, by)
    entry = shelf.remove(CARDS, ["a"], By("bob", "found again", by.at))
    assert [names(shelf, version) for version in (1, 2, 3)] == [{"a", "b"}, {"a", "b", "c"}, {"b", "c"}]
    assert names(shelf) == {"b", "c"}
    assert (entry.who, entry.why, entry.kind, str(entry)) == ("bob", "found again", "lists", "lists:/3")
    assert entry.change == "card_block: 1 removed, a"
    lists = shelf.lists()
    assert (lists.version, lists.digest) == (3, entry.digest)


def test_each_entry_has_who_and_why(shelf: ListShelf, by: By) -> None:
    """Beside the ledger, so that the list itself can be asked."""
    shelf.add(CARDS, ["a"], 5, 10, By("eve", "stolen", by.at))
    (found,) = shelf.file().entries
    assert (found.who, found.why, found.from_ms, found.until_ms) == ("eve", "stolen", 5, 10)


def test_without_a_registry_the_lists_are_empty(shelf: ListShelf) -> None:
    """And reading makes nothing."""
    assert shelf.lists().version == 0
    assert shelf.file() == ListFile()
    assert not shelf.root.exists()


def test_snoozes_are_kept_alike(shelf: ListShelf, by: By) -> None:
    """A rule that is asleep is a list entry as any other."""
    shelf.add(SNOOZE, ["amount_high"], 0, 10, by)
    assert shelf.lists().snoozes == {"amount_high": [(0, 10)]}
    shelf.remove(SNOOZE, ["amount_high"], by)
    assert shelf.lists().snoozes == {}


@pytest.mark.parametrize(("values", "start", "end"), [(["a"], 10, 10), (["a"], 10, 5), ([], 0, 10), (["a\n"], 0, 10)])
def test_what_would_never_hold_is_refused(shelf: ListShelf, by: By, values: list[str], start: int, end: int) -> None:
    """Before anything is written."""
    with pytest.raises(Usage):
        shelf.add(CARDS, values, start, end, by)
    assert not shelf.root.exists()


def test_lists_are_no_model(shelf: ListShelf, by: By) -> None:
    """The registry knows of none and finds nothing wrong."""
    shelf.add(CARDS, ["a"], 0, 10, by)
    registry = Registry(shelf.root)
    assert registry.findings() == []
    with pytest.raises(Misconfigured, match="has no model lists"):
        registry.resolve("models:/lists/1")


def test_an_altered_version_is_refused(shelf: ListShelf, by: By) -> None:
    """Exit code 78 with the file, for readers and for the next writer; versions beside it are read."""
    for card in "abc":
        shelf.add(CARDS, [card], 0, 10, by)
    path = shelf.root / LISTS / "3.json"
    path.write_bytes(path.read_bytes().replace(b'"c"', b'"z"'))
    with pytest.raises(Misconfigured, match=r"ledger\.lists/3\.json: was altered"):
        shelf.lists()
    with pytest.raises(Misconfigured, match=r"ledger\.lists/3\.json: was altered"):
        shelf.add(CARDS, ["d"], 0, 10, by)
    assert names(shelf, 2) == {"a", "b"}
    assert [found for found in Registry(shelf.root).findings() if "ledger.lists/3.json" in found]


def test_a_version_that_was_never_made_is_said(shelf: ListShelf, by: By) -> None:
    """With the newest there is."""
    shelf.add(CARDS, ["a"], 0, 10, by)
    with pytest.raises(Usage, match="no lists:/2") as error:
        shelf.file(2)
    assert "lists:/1" in error.value.fix


def test_a_full_disk_leaves_what_was_in_force(shelf: ListShelf, by: By, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 69, at whichever step; the next change takes the same number."""
    shelf.add(CARDS, ["a"], 0, 10, by)
    real = os.fsync
    for step in range(1, 20):
        left = [step]

        def full(descriptor: int, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real(descriptor)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            try:
                shelf.add(CARDS, [f"b{step}"], 0, 10, by)
            except DependencyAway as error:
                assert "No space left" in str(error)  # noqa: PT017
            else:
                break
        assert not list(shelf.root.rglob(".part-*"))
        assert "a" in names(shelf)
    assert step > 3
    assert names(shelf) >= {"a", f"b{step}"}
    assert Registry(shelf.root).findings() == []


WRITER = """
import sys; from datetime import UTC, datetime; from pathlib import Path
from models.policies.kinds import kind_of; from models.policies.list_shelf import ListShelf
from models.registry.by import By
for number in range(10):
    by = By(sys.argv[2], "many", datetime.now(UTC))
    ListShelf(Path(sys.argv[1])).add(kind_of("card_block"), [f"{sys.argv[2]}-{number}"], 0, 10, by)
"""


def test_two_writers_take_turns(shelf: ListShelf) -> None:
    """Neither loses what the other added, and no version is given twice."""
    command = [sys.executable, "-c", WRITER, str(shelf.root)]
    running = [subprocess.Popen([*command, who]) for who in ("ada", "bob")]
    assert [each.wait(120) for each in running] == [0, 0]
    assert names(shelf) == {f"{who}-{number}" for who in ("ada", "bob") for number in range(10)}
    assert sorted(shelf.versions()) == list(range(1, 21))
    assert [len(names(shelf, version)) for version in range(1, 21)] == list(range(1, 21))


KILLED = """
import os, sys; from datetime import UTC, datetime; from pathlib import Path
from models.policies.kinds import kind_of; from models.policies.list_shelf import ListShelf
from models.registry.by import By
count, at = [0], int(sys.argv[2])
def killing(real):
    def call(*args, **kwargs):
        count[0] += 1
        if count[0] == at: os.kill(os.getpid(), 9)
        return real(*args, **kwargs)
    return call
os.fsync, os.replace, os.rename = killing(os.fsync), killing(os.replace), killing(os.rename)
ListShelf(Path(sys.argv[1])).add(kind_of("card_block"), ["killed"], 0, 10, By("ada", "x", datetime.now(UTC)))
"""


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5, 6, 7])
def test_a_kill_between_steps_is_survived(shelf: ListShelf, by: By, at: int) -> None:
    """SIGKILL at the n-th step: the change is there or it is not, and the next one follows it."""
    shelf.add(CARDS, ["a"], 0, 10, by)
    command = [sys.executable, "-c", KILLED, str(shelf.root), str(at)]
    assert subprocess.run(command, timeout=60, check=False).returncode == -signal.SIGKILL
    before = names(shelf)
    assert before in ({"a"}, {"a", "killed"})
    shelf.add(CARDS, ["b"], 0, 10, by)
    assert names(shelf) == before | {"b"}
    assert not list((shelf.root / LISTS).glob(".part-*"))
    assert Registry(shelf.root).findings() == []


def test_rests_of_lists_do_not_stop_models(shelf: ListShelf, by: By, artefacts: list[Path]) -> None:
    """What a writer of lists left when it died is no business of who adds a model."""
    shelf.add(CARDS, ["a"], 0, 10, by)
    (shelf.root / LISTS / ".part-left").write_bytes(b"half")
    assert Registry(shelf.root).add("fraud", artefacts[0], by).version == 1
    assert len(ledger.read(shelf.root).entries) == 2
