"""A ledger that was written when the registry held models alone: it reads as ever, and goes on."""

import json
import shutil
from pathlib import Path

import pytest

from models.policies.kinds import kind_of
from models.policies.list_shelf import ListShelf
from models.registry import aliases
from models.registry.by import By
from models.registry.entry import LATER, Entry
from models.registry.ledger import FILE, read, writing
from schemas.errors import Misconfigured

WRITTEN = Path(__file__).parent / "ledger_of_models"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(WRITTEN, tmp_path / "models"))


def test_every_line_is_what_it_was(root: Path) -> None:
    """Read and written again: the same bytes, so the same hashes; gates, overrides and mended lines too."""
    entries = read(root).entries
    assert [each.action for each in entries] == ["register", "register", "promote", "refuse", "promote", "rollback"]
    assert b"".join(each.to_line() for each in entries) == (WRITTEN / FILE).read_bytes()
    assert all(each.is_whole and each.kind == "model" for each in entries)
    assert aliases.current(entries, "fraud") == {"champion": 1}
    assert entries[4].gates[0].overridden
    assert "cut short" in (entries[4].mended or "")


def test_it_goes_on_with_new_kinds(root: Path, by: By) -> None:
    """Entries of lists follow the old ones in one chain; what is live of models stays."""
    ListShelf(root).add(kind_of("card_block"), ["a"], 0, 10, by)
    found = read(root).entries
    assert found[-1].previous == found[-2].hash
    assert (root / FILE).read_bytes().startswith((WRITTEN / FILE).read_bytes())
    assert aliases.current(found, "fraud") == {"champion": 1}
    assert aliases.names(found) == ["fraud"]


def test_models_are_still_written_in_the_old_words(root: Path, by: By) -> None:
    """Their lines have no new field, so that a program of before can read a registry without policies and lists."""
    with writing(root) as writer:
        entry = writer.append(action="register", name="fraud", version=3, digest="a" * 64, seal="b" * 64, **by.facts())
    assert not set(LATER) & set(json.loads(entry.to_line()))


@pytest.mark.parametrize("field", [{"kind": "model"}, {"bound_to": None}, {"change": None}])
def test_one_meaning_has_one_text(root: Path, field: dict[str, None]) -> None:
    """A line that says what is left out elsewhere was not written by this program."""
    lines = (root / FILE).read_bytes().splitlines(keepends=True)
    lines[0] = json.dumps(json.loads(lines[0]) | field, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    (root / FILE).write_bytes(b"".join(lines))
    with pytest.raises(Misconfigured, match="line 1 was altered"):
        read(root)


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": "policy"},
        {"kind": "lists"},
        {"bound_to": "c" * 64},
        {"change": "something"},
        {"kind": "lists", "change": "x", "action": "promote", "alias": "live", "bound_to": "c" * 64},
        {"kind": "tea"},
    ],
)
def test_an_entry_has_what_its_kind_has(facts: dict[str, object], by: By) -> None:
    """A policy without a model, or lists without a change, cannot be written."""
    usual = {"number": 1, "previous": "0" * 64, "action": "register", "name": "fraud", "version": 1}
    with pytest.raises(ValueError, match="validation error"):
        Entry.model_validate(usual | {"digest": "a" * 64, "seal": "b" * 64} | by.facts() | facts)
