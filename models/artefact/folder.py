"""The files of an artefact, read once: regular files of bounded size directly in the folder, and nothing else.

Whatever is checked later is checked in these bytes, so a file that changes meanwhile changes nothing.
"""

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from models.artefact.refusal import refused
from schemas.errors import Usage

MIB: Final = 1 << 20
MOST_FILES: Final = 64
MOST_BYTES: Final = 256 * MIB
"""Of one file, and of all together: far above any model that answers in microseconds."""
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

Files = Mapping[str, bytes]


def read(folder: Path) -> Files:
    """Name → content. Raises Misconfigured for links, folders, devices, strange names, and what is too large."""
    found: dict[str, bytes] = {}
    left = MOST_BYTES
    for name in _names(folder):
        found[name] = read_one(folder / name, most=left)
        left -= len(found[name])
    return found


def read_one(path: Path, most: int = MOST_BYTES) -> bytes:
    """Never follows a link, never waits for a pipe, never reads more than `most` bytes."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise refused(path, _why(path, error)) from None
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise refused(path, "is not a regular file")
        if about.st_size > most:
            raise refused(path, f"has {about.st_size} bytes, at most {most} are read")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(most + 1)
    finally:
        os.close(descriptor)
    if len(content) > most:
        raise refused(path, f"grew beyond {most} bytes while it was read")
    return content


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry, _ in zip(entries, range(MOST_FILES + 1), strict=False)]
    except OSError as error:
        raise Usage(
            f"{folder} is no folder that can be read: {error.strerror}", fix="name an artefact's folder"
        ) from None
    if len(names) > MOST_FILES:
        raise refused(folder, f"has more than {MOST_FILES} files")
    for name in names:
        if not NAME.fullmatch(name):
            raise refused(folder, f"has a file with the name {name!r}, which no artefact has")
    return sorted(names)


def _why(path: Path, error: OSError) -> str:
    if path.is_symlink():
        return "is a symbolic link; an artefact holds its files itself"
    return f"cannot be read: {error.strerror}"
