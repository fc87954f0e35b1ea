"""The registry: `<root>/<name>/<version>/` and the ledger. A version is never rewritten.

Policies and lists are documents beside them, and entries of the same ledger.

    add       check · copy beside, sync, rename to its number · ledger
    promote   check the whole artefact · ask the gates · ledger, also when they refuse
    rollback  check the previous one by the ledger · ledger

A crash before the ledger leaves a folder that no entry names: `findings` tells of it, the next number is another one.
"""

import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from models.artefact import durable
from models.artefact.opened import open_
from models.artefact.refusal import refused
from models.registry import aliases, documents, ledger
from models.registry.by import By
from models.registry.entry import Entry
from models.registry.ledger import Ledger
from models.registry.reference import CHAMPION, LATEST, Reference, model_name, parse
from models.registry.refusals import failed, refusal
from schemas.errors import DependencyAway, Misconfigured, Usage

if TYPE_CHECKING:
    from models.artefact.load import Expected, Loaded
    from models.artefact.margins import Compile
    from models.registry.gates import Gate

__all__ = ["By", "NotPromoted", "Registry", "Resolved"]


class NotPromoted(Misconfigured):
    """`entry` is what the ledger has of it."""

    def __init__(self, wanted: str, entry: Entry, overridable: Collection[str] = ()) -> None:
        fix = "see the numbers with `fraudstream models show`; train a better candidate"
        refusing = [each.gate for each in failed(entry.gates)]
        if set(refusing) <= set(overridable):
            said = " ".join(f"--override {gate}" for gate in refusing)
            fix += f"; whoever can explain it promotes all the same with {said} --why …"
        super().__init__(f"{wanted} is not promoted: {refusal(entry.gates)}", fix=fix)
        self.entry = entry


@dataclass(frozen=True, slots=True)
class Resolved:
    """`seal` is what the ledger registered; a path outside the registry has no name and no seal."""

    folder: Path
    name: str | None = None
    version: int | None = None
    digest: str | None = None
    seal: str | None = None
    aliases: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"models:/{self.name}/{self.version}" if self.name else str(self.folder)


@dataclass(frozen=True, slots=True)
class Registry:
    root: Path
    trusted: Collection[str] = field(default=())

    def read(self) -> Ledger:
        return ledger.read(self.root)

    def resolve(self, text: str) -> Resolved:
        """Raises Usage for what is named wrongly, Misconfigured where nothing stands behind the name."""
        found = parse(text)
        return Resolved(found.expanduser()) if isinstance(found, Path) else self._find(found, self.read().entries)

    def load(self, text: str, *, expected: "Expected | None" = None, compile_: "Compile | None" = None) -> "Loaded":
        return self._loaded(self.resolve(text), expected, compile_)

    def add(self, name: str, artefact: Path, by: By) -> Resolved:
        """The next version of that name. What was checked is what is stored."""
        facts = by.facts()
        model_name(name)
        files, manifest = open_(artefact)
        with ledger.writing(self.root) as writer:
            self._sweep()
            version = self._next(name, writer.ledger.entries)
            durable.write_folder(self.root / name / str(version), files)
            writer.append(
                action="register", name=name, version=version, digest=manifest.content, seal=manifest.seal, **facts
            )
            return self._find(Reference(name, version), writer.ledger.entries)

    def promote(
        self, text: str, by: By, *, alias: str = CHAMPION, gates: "Iterable[Gate]" = (), overrides: Collection[str] = ()
    ) -> Entry:
        """Raises NotPromoted naming the gates that refuse; the ledger has their numbers either way.

        Whatever the alias, the candidate is compared with the champion: that is what decides today.
        """
        from models.registry.gates import judge  # noqa: PLC0415 - as heavy as what it judges

        facts, gates = by.facts(), tuple(gates)
        with ledger.writing(self.root) as writer:
            wanted = self._find(self._reference(text), writer.ledger.entries)
            live = self._live(wanted.name or "", alias, writer.ledger)
            if live is not None and live.version == wanted.version:
                raise Usage(f"{wanted} is the {alias} already", fix="`fraudstream models list` shows what is live")
            champion = self._live(wanted.name or "", CHAMPION, writer.ledger) if gates else None
            candidate = self._loaded(wanted)
            judged = judge(gates, candidate, self._loaded(champion) if champion else None, overrides)
            refusals = failed(judged)
            entry = writer.append(
                action="refuse" if refusals else "promote",
                name=wanted.name,
                version=wanted.version,
                alias=alias,
                replaced=live.version if live else None,
                digest=wanted.digest,
                seal=wanted.seal,
                gates=judged,
                **facts,
            )
        if refusals:
            raise NotPromoted(
                str(wanted), entry, [gate.name for gate in gates if gate.overridable and gate.applies(candidate)]
            )
        return entry

    def rollback(self, name: str, by: By, *, alias: str = CHAMPION) -> Entry:
        """Back to what that alias named before, by the ledger."""
        facts = by.facts()
        with ledger.writing(self.root) as writer:
            history = aliases.lives(writer.ledger.entries, model_name(name)).get(alias, ())
            if len(history) < 2:  # noqa: PLR2004 - the live one and one before it
                raise Usage(
                    f"{name} has no {alias} before the present one", fix="`fraudstream models show` has its history"
                )
            earlier = self._find(Reference(name, history[-2]), writer.ledger.entries)
            self._loaded(earlier)
            return writer.append(
                action="rollback",
                name=name,
                version=earlier.version,
                alias=alias,
                replaced=history[-1],
                digest=earlier.digest,
                seal=earlier.seal,
                **facts,
            )

    def findings(self) -> list[str]:
        """What is not as the ledger says, without loading a model: a sentence each."""
        found = self.read()
        registered = [each for each in found.entries if each.action == "register"]
        known = {(each.name, each.version) for each in registered if each.kind == "model"}
        lost = [(name, version) for name, version in sorted(known) if not self._folder(name, version).is_dir()]
        stray = [path for path in self._folders() if not self._is_known(path, known)]
        return [
            *([str(found.torn)] if found.torn else []),
            *(f"models:/{name}/{version} is registered, but its folder is gone" for name, version in lost),
            *(f"{path} is in no entry of the ledger: whoever added it did not finish" for path in stray),
            *documents.findings(self.root, registered),
        ]

    def _find(self, reference: Reference, entries: tuple[Entry, ...]) -> Resolved:
        known = aliases.versions(entries, reference.name)
        if not known:
            raise Misconfigured(f"{self.root} has no model {reference.name}", fix=_has(aliases.names(entries)))
        live = aliases.current(entries, reference.name)
        if reference.alias is not None and reference.alias not in live:
            fix = (
                f"`fraudstream models promote models:/{reference.name}/{max(known)} --alias {reference.alias} --why …`"
            )
            raise Misconfigured(f"{reference.name} has no {reference.alias}", fix=fix)
        version = live[reference.alias] if reference.alias else reference.version or max(known)
        if version not in known:
            raise Misconfigured(
                f"{reference.name} has no version {version}", fix=f"it has {', '.join(map(str, sorted(known)))}"
            )
        entry = known[version]
        named = tuple(sorted(alias for alias, each in live.items() if each == version))
        return Resolved(self._folder(reference.name, version), reference.name, version, entry.digest, entry.seal, named)

    def _reference(self, text: str) -> Reference:
        found = parse(text)
        if isinstance(found, Path):
            raise Usage(
                f"{text} is a path, and only registered versions are promoted",
                fix=f"write models:/name/3 or models:/name/{LATEST}",
            )
        return found

    def _live(self, name: str, alias: str, found: Ledger) -> Resolved | None:
        version = aliases.current(found.entries, name).get(alias)
        return None if version is None else self._find(Reference(name, version), found.entries)

    def _loaded(
        self, resolved: Resolved, expected: "Expected | None" = None, compile_: "Compile | None" = None
    ) -> "Loaded":
        from models.artefact.load import load  # noqa: PLC0415 - two seconds, which a list need not wait for

        return load(resolved.folder, trusted=self.trusted, seal=resolved.seal, expected=expected, compile_=compile_)

    def _folder(self, name: str, version: int) -> Path:
        return self.root / name / str(version)

    def _next(self, name: str, entries: tuple[Entry, ...]) -> int:
        """Above every version there ever was, and above every folder that somebody did not finish."""
        taken = [*aliases.versions(entries, name)]
        taken += [
            int(path.name) for path in (self.root / name).glob("*") if path.name.isascii() and path.name.isdigit()
        ]
        return max(taken, default=0) + 1

    def _folders(self) -> list[Path]:
        found = [path for path in self._parts_of_models("*") if not path.name.startswith(durable.PART)]
        return sorted(path for path in found if path.is_dir() and path.name != documents.POLICIES)

    def _parts_of_models(self, pattern: str) -> list[Path]:
        """What lies directly in the folder of a model."""
        found = self.root.glob(f"*/{pattern}")
        return [path for path in found if not path.parent.name.startswith((".", documents.RESERVED))]

    def _is_known(self, path: Path, known: set[tuple[str, int]]) -> bool:
        return path.name.isascii() and path.name.isdigit() and (path.parent.name, int(path.name)) in known

    def _sweep(self) -> None:
        """Only the holder of the lock writes here, so what lies about was left by somebody who died."""
        for path in self.root.glob(f"{durable.PART}*"):
            path.unlink()
        for path in self._parts_of_models(f"{durable.PART}*"):
            if path.is_symlink() or not path.is_dir():
                raise refused(path, "lies where only unfinished folders lie", fix="look at it and remove it")
            try:
                shutil.rmtree(path)
            except OSError as error:
                raise DependencyAway(f"{path} cannot be removed: {error.strerror}", fix="remove it") from error


def _has(names: list[str]) -> str:
    return (
        f"it has {', '.join(names)}"
        if names
        else "register one: `fraudstream models import FOLDER --name NAME --why …`"
    )
