"""What the ledger says is live: derived by reading it, kept nowhere else."""

from collections.abc import Iterable, Mapping

from models.registry.entry import Entry

Lives = Mapping[str, tuple[int, ...]]
"""Alias → the versions it named, oldest first; the last is the one it names."""


def lives(entries: Iterable[Entry], name: str) -> Lives:
    """A promotion puts a version on top; a rollback takes it off, so the next rollback goes further back."""
    found: dict[str, tuple[int, ...]] = {}
    for entry in entries:
        if entry.name != name or entry.alias is None:
            continue
        before = found.get(entry.alias, ())
        if entry.action == "promote":
            found[entry.alias] = (*before, entry.version)
        elif entry.action == "rollback":
            found[entry.alias] = before[:-1]
    return found


def current(entries: Iterable[Entry], name: str) -> dict[str, int]:
    return {alias: versions[-1] for alias, versions in lives(entries, name).items() if versions}


def versions(entries: Iterable[Entry], name: str) -> dict[int, Entry]:
    return {entry.version: entry for entry in entries if entry.name == name and entry.action == "register"}


def names(entries: Iterable[Entry]) -> list[str]:
    return sorted({entry.name for entry in entries})
