"""The host's copy of a generation: one file, mapped into every worker, there whole or not at all.

    1. a copy that is there, is what its digest says and of what is known of the generation now is used as it is
    2. else one worker, by a lock, reads the chunks, compares their digest, writes a hidden file and renames it
    3. the others find it a moment later; where the lock is held for long they copy, too: the last rename holds
    4. what is not in use any more is removed; whoever still has it mapped keeps it until he lets go

A copy is named by its generation and digest, so that another generation of that name is another file.
"""

import fcntl
import mmap
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import numpy as np

from models.artefact.durable import PART, replace_file
from models.churn.packed import Packed, digest, unpacked
from models.churn.volume import SUFFIX, Damaged, Volume, head, opened, parts
from schemas.churn import Meta

LOCK: Final = ".lock"
SHOWN_DIGITS: Final = 12
OURS_ALONE: Final = 0o700
PATIENCE_S: Final = 30.0
"""How long another worker of the host may take for its copy before this one makes its own."""
STALE_S: Final = 600.0
"""A hidden file of that age is of a process that has ended."""

Chunks = Callable[[], Iterable[bytes]]


class Busy(Exception):
    """Another worker of this host is making the copy: ask again in a moment."""


class Copies:
    """Raises OSError for what the disk says, ValueError for what the chunks say."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._clock = folder, clock
        self._busy_since: float | None = None

    def take(self, meta: Meta, chunks: Chunks) -> tuple[Volume, bool]:
        """And whether it had to be made. Raises Busy."""
        self._folder.mkdir(mode=OURS_ALONE, parents=True, exist_ok=True)
        path = self._path(meta)
        if (found := self._whole(path)) and found.meta == meta:
            return found, False
        with self._alone():
            if (found := self._whole(path)) and found.meta == meta:
                return found, False
            self._write(path, meta, together(meta, chunks()))
            return mapped(path), True

    def newest(self) -> Volume | None:
        """What was copied last, for when nobody can be asked what is live."""
        there = sorted(self._folder.glob(f"*{SUFFIX}"), key=lambda each: each.stat().st_mtime, reverse=True)
        return next((found for path in there if (found := self._whole(path))), None)

    def _write(self, path: Path, meta: Meta, packed: Packed) -> None:
        try:
            replace_file(path, head(meta), packed.chunk())
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from error

    def keep_only(self, meta: Meta) -> None:
        """For when it is in use. What cannot be removed stays for the next time."""
        kept, now = self._path(meta), time.time()
        with suppress(OSError):
            for path in self._folder.iterdir():
                old = path.name.startswith(PART) and now - path.stat().st_mtime > STALE_S
                if old or (path.suffix == SUFFIX and path != kept):
                    path.unlink()

    def _path(self, meta: Meta) -> Path:
        return self._folder / f"{meta.generation}-{meta.digest[:SHOWN_DIGITS]}{SUFFIX}"

    def _whole(self, path: Path) -> Volume | None:
        """None where it is not there, or is not what it says: then it is made again in its place."""
        try:
            return mapped(path)
        except (FileNotFoundError, Damaged):
            return None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Where another one is alone for too long, he may stand still: a copy twice made is no harm."""
        descriptor = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                now = self._clock()
                self._busy_since = now if self._busy_since is None else self._busy_since
                if now - self._busy_since < PATIENCE_S:
                    raise Busy from None
            self._busy_since = None
            yield
        finally:
            os.close(descriptor)


def together(meta: Meta, chunks: Iterable[bytes]) -> Packed:
    """Raises ValueError where they are not that generation."""
    found = [unpacked(chunk) for chunk in chunks]
    numbers = np.concatenate([np.empty(0, np.uint64), *(each.numbers for each in found)])
    scores = np.concatenate([np.empty(0, np.uint32), *(each.scores for each in found)])
    packed = Packed(numbers, scores)
    if len(packed) != meta.rows or digest(parts(packed)) != meta.digest:
        raise ValueError(f"the chunks of {meta.generation} are not its {meta.rows} customers: another digest")
    return packed


def mapped(path: Path) -> Volume:
    """Raises Damaged. The pages are shared by all who map it, and stay when the file is removed."""
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            raise Damaged("it is empty")
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return opened(memoryview(content))
