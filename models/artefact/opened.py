"""An artefact whose files are whole and the ones that were sealed. Nothing of it is constructed, so this is quick."""

from pathlib import Path

from models.artefact import folder as folders
from models.artefact import manifest as manifests
from models.artefact import mlmodel
from models.artefact.folder import Files
from models.artefact.manifest import GOLDEN, Manifest
from models.artefact.refusal import refused


def open_(folder: Path, *, seal: str | None = None) -> tuple[Files, Manifest]:
    """The first step alone: what `seal` names, whole and unchanged. Constructs nothing."""
    files = folders.read(folder)
    if manifests.FILE not in files:
        raise refused(
            f"{folder}/{manifests.FILE}", "is missing", fix="`fraudstream models import` takes directories of MLflow"
        )
    manifest = manifests.parse(files[manifests.FILE], f"{folder}/{manifests.FILE}")
    manifests.check_files(manifest, files, str(folder))
    for name in (mlmodel.FILE, mlmodel.MODEL, GOLDEN):
        if name not in files:
            raise refused(f"{folder}/{name}", "is missing")
    if seal is not None and manifest.seal != seal:
        raise refused(folder, "is not what was registered: its seal is not the one in the ledger")
    return files, manifest
