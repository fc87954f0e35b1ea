"""A file that is there whole or not at all, however its writing ends."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from models.artefact.durable import PART, sync
from schemas.errors import DependencyAway

READABLE: Final = 0o644


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """1. a hidden file beside it  2. what the block writes, synced  3. rename  4. the folder, synced.

    Until 3 whatever was there before stays.
    """
    part: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(prefix=PART, dir=path.parent)
        part = Path(name)
        with open(descriptor, "wb") as stream:  # noqa: PTH123 - it is open already
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.chmod(READABLE)
        part.replace(path)
        sync(path.parent)
    except OSError as error:
        raise DependencyAway(
            f"{path} could not be written: {error.strerror or error}",
            fix="make room, give the right to, or name another file; what was there before is untouched",
        ) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
