"""A version of the lists as a file: what is added, what is taken away, what it may say."""

from collections.abc import Callable

import pytest

from models.policies.kinds import KINDS, kind_of
from models.policies.list_file import Entries, ListFile, added, removed
from schemas.errors import Usage

Make = Callable[..., Entries]


def test_what_is_added_together_stands_together(entries: Make) -> None:
    """The same period, person and reason are one group, whatever the order of additions."""
    one = added(added(ListFile(), entries("card_block", "b")), entries("card_block", "a", "b"))
    other = added(ListFile(), entries("card_block", "a", "b"))
    assert one == other
    assert len(one.entries) == 1
    assert len(added(one, entries("card_block", "a", end=2_000)).entries) == 2


def test_the_bytes_do_not_depend_on_the_order(entries: Make) -> None:
    """Two people who add the same in another order have the same file."""
    first, second = entries("card_block", "a"), entries("terminal_block", "t", who="bob")
    assert added(added(ListFile(), first), second).to_bytes() == added(added(ListFile(), second), first).to_bytes()


def test_what_changes_nothing_is_said(entries: Make) -> None:
    """No version is made of it."""
    file = added(ListFile(), entries("card_block", "a", "b"))
    with pytest.raises(Usage, match="already"):
        added(file, entries("card_block", "a"))


def test_a_value_goes_with_all_its_entries(entries: Make) -> None:
    """Of that list alone; what is left empty goes too."""
    file = added(ListFile(), entries("card_block", "a"))
    for more in (entries("card_block", "a", "b", end=5_000), entries("card_allow", "a")):
        file = added(file, more)
    left = removed(file, kind_of("card_block"), ["a"])
    assert left.values(kind_of("card_block")) == {"b"}
    assert left.values(kind_of("card_allow")) == {"a"}
    assert len(left.entries) == 2


def test_what_is_not_there_is_not_removed(entries: Make) -> None:
    """A misspelt id is said, and nothing happens."""
    file = added(ListFile(), entries("card_block", "a"))
    with pytest.raises(Usage, match="z is not on card_block"):
        removed(file, kind_of("card_block"), ["a", "z"])


def test_it_is_read_back(entries: Make) -> None:
    """Bytes to file to bytes."""
    file = added(ListFile(), entries("card_block", "é", "a"))
    assert ListFile.parse(file.to_bytes()) == file


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"card_block", b"card_blook"),
        (b'["a","b"]', b'["b","a"]'),
        (b'["a","b"]', b'["a","a"]'),
        (b'["a","b"]', b"[]"),
        (b'"until_ms":1000', b'"until_ms":0'),
        (b'"until_ms":1000', b'"until_ms":1000.5'),
        (b'"format":1', b'"format":2'),
        (b'"format":1', b'"format":1,"more":1'),
        (b"\n", b""),
        (b",", b", "),
    ],
)
def test_what_was_not_written_here_is_refused(entries: Make, old: bytes, new: bytes) -> None:
    """By the form or by what it says."""
    text = added(ListFile(), entries("card_block", "a", "b")).to_bytes()
    assert old in text
    with pytest.raises(ValueError, match=r"\w"):
        ListFile.parse(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("country_block", "de"),
        ("country_block", "DEU"),
        ("rule_snooze", "no_rule"),
        ("card_block", ""),
        ("card_block", "x" * 65),
        ("card_block", "a\nb"),
        ("card_block", "\ud800"),
    ],
)
def test_what_no_transaction_could_have_is_refused(name: str, value: str) -> None:
    """Before it is on a list that it would never match."""
    with pytest.raises(Usage):
        kind_of(name).check(value)


def test_lists_are_known_by_name() -> None:
    """Names and reasons are there once, and an unknown one is answered with all."""
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert len(reasons := [kind.reason for kind in KINDS if kind.reason]) == len(set(reasons))
    with pytest.raises(Usage, match="no list 'cards'") as error:
        kind_of("cards")
    assert "card_block" in error.value.fix
