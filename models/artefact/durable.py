"""Folders and files that are there whole or not at all, also after the power went."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from schemas.errors import DependencyAway, Usage

PART: Final = ".part-"
Buffer = bytes | memoryview


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """1. a hidden folder beside it  2. every file, synced  3. the folder, synced  4. rename  5. the parent, synced."""
    if folder.exists():
        raise Usage(
            f"{folder} is there already", fix="name a folder that does not exist; artefacts are never rewritten"
        )
    part = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=PART, dir=folder.parent))
        for name, content in files.items():
            _write(part / name, content)
        part.chmod(0o755)
        sync(part)
        part.rename(folder)
    except OSError as error:
        raise DependencyAway(
            f"{folder} could not be written: {error.strerror or error}",
            fix="make room or give the right to; nothing was left behind",
        ) from error
    finally:
        if part is not None and part.exists():
            shutil.rmtree(part, ignore_errors=True)
    sync(folder.parent)


def replace_file(path: Path, *content: Buffer) -> None:
    """1. a hidden file beside it  2. the pieces one after the other, synced  3. rename  4. the folder, synced."""
    descriptor, part = tempfile.mkstemp(prefix=PART, dir=path.parent)
    os.close(descriptor)
    try:
        _write(Path(part), *content)
        Path(part).replace(path)
    finally:
        Path(part).unlink(missing_ok=True)
    sync(path.parent)


def sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: Path, *content: Buffer) -> None:
    with path.open("wb") as file:
        file.writelines(content)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o644)
