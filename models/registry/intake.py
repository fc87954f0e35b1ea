"""The way in for directories made elsewhere: checked whole, then registered."""

import tempfile
from pathlib import Path

from models.artefact import foreign, manifest
from models.artefact.load import load
from models.artefact.write import Parts, write
from models.registry.registry import By, Registry, Resolved


def take_in(registry: Registry, name: str, folder: Path, by: By) -> Resolved:
    """An artefact comes in as it is, a directory of MLflow becomes one; both only if every check passes."""
    if (folder / manifest.FILE).exists():
        load(folder, trusted=registry.trusted)
        return registry.add(name, folder, by)
    return enter(registry, name, foreign.parts(folder, trusted=registry.trusted, created_at=by.at), by)


def enter(registry: Registry, name: str, parts: Parts, by: By) -> Resolved:
    """Written, loaded as at a start, and only then registered."""
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "artefact"
        write(parts, made)
        load(made, trusted=registry.trusted)
        return registry.add(name, made, by)
