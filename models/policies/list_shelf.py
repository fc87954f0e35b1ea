"""The versions of the lists in the registry. Every change is a new version, with who made it and why in the ledger."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.policies.kinds import Kind
from models.policies.list_file import LAST_MS, Entries, ListFile, added, removed
from models.policies.lists import Lists
from models.registry import aliases, documents, ledger
from models.registry.by import By
from models.registry.entry import Entry
from schemas.errors import Usage

NAME: Final = "lists"
SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class ListShelf:
    """`root` is that of the registry; where there is none the lists are empty."""

    root: Path

    def versions(self) -> dict[int, Entry]:
        return _versions(ledger.read(self.root).entries)

    def file(self, version: int | None = None) -> ListFile:
        """The newest unless said otherwise. Raises Misconfigured, naming the file, where it was altered."""
        return self._read(self.versions(), version)[0]

    def lists(self, version: int | None = None) -> Lists:
        """The same, ready for look-ups."""
        file, entry = self._read(self.versions(), version)
        return Lists.of(file, entry.version, entry.digest) if entry else Lists()

    def add(self, kind: Kind, values: list[str], from_ms: int, until_ms: int, by: By) -> Entry:
        """Values that are there already stay there for as long as any of their entries says."""
        for value in values:
            kind.check(value)
        if not values or not 0 <= from_ms < until_ms <= LAST_MS:
            said = f"nothing would ever be on {kind.name} by that"
            raise Usage(said, fix="give values, and an end that is after the beginning and not after 2100-01-01")
        facts = by.facts()
        new = Entries(
            name=kind.name,
            values=tuple(sorted(set(values))),
            from_ms=from_ms,
            until_ms=until_ms,
            who=facts["who"],
            why=facts["why"],
        )
        said = f"{kind.name}: {len(new.values)} added, {_some(new.values)}"
        return self._change(lambda file: added(file, new), said, facts)

    def remove(self, kind: Kind, values: list[str], by: By) -> Entry:
        said = f"{kind.name}: {len(set(values))} removed, {_some(sorted(set(values)))}"
        return self._change(lambda file: removed(file, kind, values), said, by.facts())

    def _change(self, edit: Callable[[ListFile], ListFile], said: str, facts: dict[str, str]) -> Entry:
        """What is edited is the newest version, whoever else wants to write."""
        with ledger.writing(self.root) as writer:
            known = _versions(writer.ledger.entries)
            file, _ = self._read(known, None)
            return documents.store(writer, edit(file).to_bytes(), "lists", NAME, facts, change=said)

    def _read(self, known: dict[int, Entry], version: int | None) -> tuple[ListFile, Entry | None]:
        newest = max(known, default=0)
        entry = known.get(newest if version is None else version)
        if entry is not None:
            return documents.fetch(self.root, entry, ListFile.parse), entry
        if version:
            raise Usage(f"there is no lists:/{version}", fix=f"the newest is lists:/{newest}")
        return ListFile(), None


def _versions(entries: Iterable[Entry]) -> dict[int, Entry]:
    return aliases.versions(entries, NAME, "lists")


def _some(values: Sequence[str]) -> str:
    return ", ".join(values[:SHOWN]) + (", …" if len(values) > SHOWN else "")
