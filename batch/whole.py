"""A file that is there whole or not at all, however its writing ends."""

import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from models.artefact.durable import PART, sync
from schemas.errors import DependencyAway

MODE: Final = 0o666
"""Less what the umask takes away, as of any file."""
RANDOM: Final = 4
LONGEST: Final = 200


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """1. a hidden file beside it  2. what the block writes, synced  3. rename  4. the folder, synced.

    Until 3 whatever was there before stays. What runs left that were killed before 3 is taken away in 1.
    """
    part: Path | None = None
    try:
        _take_away_old(path)
        part, descriptor = _begun(path)
        with open(descriptor, "wb") as stream:  # noqa: PTH123 - it is open already
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            part.replace(path)  # before it is closed: until then nobody takes it for left behind
        sync(path.parent)
    except OSError as error:
        raise DependencyAway(
            f"{path} could not be written: {error.strerror or error}",
            fix="make room, give the right to, or name another file; what was there before is untouched",
        ) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def _begun(path: Path) -> tuple[Path, int]:
    """Locked for as long as it is open: whoever may lock it knows that its writer is gone."""
    while True:
        part = path.with_name(f"{_prefix(path)}{secrets.token_hex(RANDOM)}")
        with suppress(FileExistsError):
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
            if _is_ours(descriptor):
                return part, descriptor
            os.close(descriptor)


def _take_away_old(path: Path) -> None:
    name = re.compile(re.escape(_prefix(path)) + f"[0-9a-f]{{{2 * RANDOM}}}")
    for part in _listed(path.parent):
        if not name.fullmatch(part.name):
            continue
        with suppress(OSError):
            descriptor = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                if _is_free(descriptor):
                    part.unlink()
            finally:
                os.close(descriptor)


def _listed(folder: Path) -> list[Path]:
    """Nothing of a folder that may be written to and not read."""
    try:
        return list(folder.iterdir())
    except PermissionError:
        return []


def _is_ours(descriptor: int) -> bool:
    """Somebody may have taken it for left behind before it was locked. Where nothing can be locked, nobody can."""
    try:
        return _is_free(descriptor) and os.fstat(descriptor).st_nlink > 0
    except OSError:
        return True


def _is_free(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _prefix(path: Path) -> str:
    """Of what is written for this very file."""
    name = path.name if len(os.fsencode(path.name)) <= LONGEST else hashlib.sha256(os.fsencode(path.name)).hexdigest()
    return f"{PART}{name}-"
