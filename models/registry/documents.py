"""Versioned files of the registry that are not models: each a document whose sha256 stands in the ledger.

    <root>/<name>/policies/<version>.json     policies of a model
    <root>/ledger.lists/<version>.json        lists; no model can have this name

A file that no entry names is the rest of a write that did not finish: the next one of that number replaces it.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, TypeVar

from models.artefact import durable
from models.artefact.folder import read_one
from models.artefact.refusal import refused
from models.registry import aliases
from models.registry.entry import Entry, Kind
from models.registry.ledger import Writer
from schemas.errors import DependencyAway, Misconfigured

T = TypeVar("T")

POLICIES: Final = "policies"
RESERVED: Final = "ledger."
LISTS: Final = f"{RESERVED}lists"
FIX: Final = "put the file back from a copy; what was decided with it cannot be recomputed otherwise"


def path_of(root: Path, kind: Kind, name: str, version: int) -> Path:
    folder = root / LISTS if kind == "lists" else root / name / POLICIES
    return folder / f"{version}.json"


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def store(writer: Writer, content: bytes, kind: Kind, name: str, facts: Mapping[str, str], **more: str) -> Entry:
    """The next version of that name: the file, whole and synced, then the entry that names it."""
    version = max(aliases.versions(writer.ledger.entries, name, kind), default=0) + 1
    _write(path_of(writer.root, kind, name, version), content)
    digest = digest_of(content)
    return writer.append(
        action="register", kind=kind, name=name, version=version, digest=digest, seal=digest, **facts, **more
    )


def fetch(root: Path, entry: Entry, parse: Callable[[bytes], T]) -> T:
    """Raises Misconfigured, naming the file, where it is not what was registered. `parse` may raise ValueError."""
    path = path_of(root, entry.kind, entry.name, entry.version)
    content = read_one(path)
    if digest_of(content) != entry.seal:
        raise refused(path, f"was altered: it is not what was registered as {entry}", fix=FIX)
    try:
        return parse(content)
    except ValueError as error:
        raise refused(path, f"cannot be read as {entry}: {error}", fix=FIX) from None


def findings(root: Path, registered: Iterable[Entry]) -> list[str]:
    """A sentence for each document that is not as the ledger says."""
    found = []
    for entry in registered:
        try:
            if entry.kind != "model":
                fetch(root, entry, bytes)
        except Misconfigured as error:
            found.append(error.message)
    return found


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f"{durable.PART}*"):
            left.unlink()
        durable.replace_file(path, content)
        durable.sync(path.parent.parent)
    except OSError as error:
        said = f"{path} could not be written: {error.strerror or error}"
        raise DependencyAway(said, fix="make room or give the right to; what was in force stays in force") from error
