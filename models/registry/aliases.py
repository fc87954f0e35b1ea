"""What the ledger says is live: derived by reading it, kept nowhere else. Models and policies have aliases alike."""

from collections.abc import Iterable, Mapping

from models.registry.entry import Entry, Kind

Lives = Mapping[str, tuple[int, ...]]
"""Alias → the versions it named, oldest first; the last is the one it names."""


def lives(entries: Iterable[Entry], name: str, kind: Kind = "model") -> Lives:
    """A promotion puts a version on top; a rollback takes it off, so the next rollback goes further back."""
    found: dict[str, tuple[int, ...]] = {}
    for entry in entries:
        if entry.kind != kind or entry.name != name or entry.alias is None:
            continue
        before = found.get(entry.alias, ())
        if entry.action == "promote":
            found[entry.alias] = (*before, entry.version)
        elif entry.action == "rollback":
            found[entry.alias] = before[:-1]
    return found


def current(entries: Iterable[Entry], name: str, kind: Kind = "model") -> dict[str, int]:
    return {alias: versions[-1] for alias, versions in lives(entries, name, kind).items() if versions}


def versions(entries: Iterable[Entry], name: str, kind: Kind = "model") -> dict[int, Entry]:
    registered = (entry for entry in entries if entry.action == "register" and entry.kind == kind)
    return {entry.version: entry for entry in registered if entry.name == name}


def names(entries: Iterable[Entry], kind: Kind = "model") -> list[str]:
    return sorted({entry.name for entry in entries if entry.kind == kind})
