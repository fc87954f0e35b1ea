"""Where snapshots are: a folder, or an object store; there whole or not at all.

In a folder a snapshot is written under a hidden name, synced, renamed. In an object store it is one upload, which is
not there before it has ended. Nobody asks the store for anything before the first call, and each call raises OSError
where it does not answer.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pyarrow import fs as filesystems

from consumer.snapshots.framing import Source
from consumer.snapshots.names import Name, folder
from models.artefact.durable import PART, Buffer, replace_file
from schemas.file_systems import connected
from schemas.settings.masking import masked

FLAT: Final = frozenset({"s3", "gcs", "abfs"})
"""What has no folders that would have to be made."""

STALE_S: Final = 3_600.0
"""A hidden file of that age is of a process that has ended."""


@dataclass(frozen=True, slots=True, order=True)
class Stored:
    name: Name
    size: int


class Store:
    """The snapshots of one group and topic; others beside them are never seen."""

    def __init__(self, url: str, group: str, topic: str, connect: Callable[[str], Any] | None = None) -> None:
        self.url = masked(url)
        self._address = url
        self._below = f"group={group}/topic={topic}"
        self._connect = connect or (lambda address: connected(address, "state.url"))
        self._connected: tuple[Any, str] | None = None

    def __str__(self) -> str:
        return f"{self.url.rstrip('/')}/{self._below}"

    def snapshots(self, partition: int | None = None) -> Sequence[Stored]:
        """All of them or those of a partition: by partition, the newest first."""
        system, root = self._root()
        below = root if partition is None else f"{root}/{folder(partition)}"
        selector = filesystems.FileSelector(below, allow_not_found=True, recursive=True)
        files = (each for each in system.get_file_info(selector) if each.type == filesystems.FileType.File)
        named = ((Name.parse("/".join(each.path.rsplit("/", 2)[-2:])), each.size) for each in files)
        found = [Stored(name, size) for name, size in named if name is not None]
        return sorted(found, key=lambda each: (each.name.partition, -each.name.offset, -each.name.log_ms))

    def write(self, name: Name, pieces: Sequence[Buffer]) -> None:
        system, root = self._root()
        path = f"{root}/{name}"
        if isinstance(system, filesystems.LocalFileSystem):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            replace_file(Path(path), *pieces)
            return
        if system.type_name not in FLAT:
            system.create_dir(path.rpartition("/")[0], recursive=True)
        try:
            with system.open_output_stream(path) as stream:
                for piece in pieces:
                    stream.write(piece)
        except BaseException:
            with suppress(OSError):
                system.delete_file(path)
            raise

    @contextmanager
    def open(self, name: Name) -> Iterator[tuple[Source, int]]:
        """Its bytes from the first on, and how many there are."""
        system, root = self._root()
        with system.open_input_file(f"{root}/{name}") as stream:
            yield stream, stream.size()

    def remove(self, name: Name) -> None:
        system, root = self._root()
        system.delete_file(f"{root}/{name}")

    def sweep(self, partition: int, now: Callable[[], float] = time.time) -> None:
        """Removes what processes that ended while writing have left of a partition."""
        system, root = self._root()
        if isinstance(system, filesystems.LocalFileSystem):
            for path in Path(root, folder(partition)).glob(f"{PART}*"):
                with suppress(OSError):
                    if now() - path.stat().st_mtime > STALE_S:
                        path.unlink()

    def _root(self) -> tuple[Any, str]:
        if self._connected is None:
            self._connected = self._connect(self._address)
        system, root = self._connected
        return system, f"{root.rstrip('/')}/{self._below}"
