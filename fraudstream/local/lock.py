"""One program at a time per instance, also when its folder is deleted and made anew in between."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Waits for whoever has it; the file stays, unless its holder deletes it."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_still_there(path, file.fileno()):
                yield
                return


def _is_still_there(path: Path, descriptor: int) -> bool:
    """False when the holder before us deleted the file: then our lock is on nothing that others can see."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
