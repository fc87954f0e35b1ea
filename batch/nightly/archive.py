"""Every generation's packed form as a file, for computing past decisions anew; there whole or not at all."""

import os
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pyarrow import fs

from models.artefact.durable import PART, sync
from models.churn.volume import BELOW, SUFFIX, Damaged, Volume, opened
from schemas.errors import DependencyAway, Misconfigured
from schemas.file_systems import connected
from schemas.settings.masking import masked

FLAT: Final = frozenset({"s3", "gcs", "abfs"})
"""What has no folders that would have to be made."""
FIX: Final = "see that archive.url names the right place, that there is room, and that this user may write there"


@dataclass(frozen=True, slots=True)
class Kept:
    generation: str
    path: str
    size: int
    written: datetime


class Archive:
    """Opens nothing before the first call; raises DependencyAway where it does not answer."""

    def __init__(self, url: str) -> None:
        self._address = url
        self._connected: tuple[Any, str] | None = None

    def __str__(self) -> str:
        return masked(self._address)

    def where(self, generation: str) -> str:
        return f"{str(self).rstrip('/')}/{BELOW}/{generation}{SUFFIX}"

    def write(self, generation: str, pieces: Iterable[bytes]) -> None:
        system, root = self._root()
        path = f"{root}/{generation}{SUFFIX}"
        try:
            if isinstance(system, fs.LocalFileSystem):
                _write(Path(path), pieces)
                return
            if system.type_name not in FLAT:
                system.create_dir(root, recursive=True)
            with system.open_output_stream(path) as stream:
                for piece in pieces:
                    stream.write(piece)
        except OSError as error:
            with suppress(OSError):
                system.delete_file(path)
            said = f"generation {generation} cannot be kept in {self}: {masked(str(error))}"
            raise DependencyAway(said, fix=f"{FIX}; what was live stays live") from error

    def read(self, generation: str) -> Volume | None:
        """None: it is not kept there. Raises Misconfigured where it is damaged."""
        system, root = self._root()
        try:
            with system.open_input_file(f"{root}/{generation}{SUFFIX}") as stream:
                return opened(stream.read())
        except FileNotFoundError:
            return None
        except Damaged as error:
            raise Misconfigured(
                f"{self.where(generation)} is damaged: {error}",
                fix="restore it from a backup of the archive, or remove it",
            ) from error
        except OSError as error:
            raise DependencyAway(f"{self} does not answer: {masked(str(error))}", fix=FIX) from error

    def rewrite(self, kept: Kept, pieces: Iterable[bytes]) -> None:
        """In place of what is there, as old as that; where it fails, what was there stays."""
        system, _ = self._root()
        try:
            if isinstance(system, fs.LocalFileSystem):
                _write(Path(kept.path), pieces)
                os.utime(kept.path, (kept.written.timestamp(),) * 2)
                return
            with system.open_output_stream(kept.path) as stream:
                for piece in pieces:
                    stream.write(piece)
        except OSError as error:
            said = f"generation {kept.generation} cannot be rewritten in {self}: {masked(str(error))}"
            raise DependencyAway(said, fix=f"{FIX}; then run the same command again") from error

    def kept(self) -> list[Kept]:
        """The newest first."""
        system, root = self._root()
        try:
            found = system.get_file_info(fs.FileSelector(root, allow_not_found=True))
        except OSError as error:
            raise DependencyAway(f"{self} does not answer: {masked(str(error))}", fix=FIX) from error
        files = [each for each in found if each.type == fs.FileType.File and each.base_name.endswith(SUFFIX)]
        named = [Kept(each.base_name.removesuffix(SUFFIX), each.path, each.size, each.mtime) for each in files]
        return sorted(named, key=lambda each: (each.written, each.generation), reverse=True)

    def prune(self, keep_days: int, spared: Sequence[str], now: datetime, *, dry: bool = False) -> list[Kept]:
        """Removes what is older than that, but for those that are named. Gives what went."""
        system, _ = self._root()
        limit = now.astimezone(UTC) - timedelta(days=keep_days)
        gone = [each for each in self.kept() if each.written < limit and each.generation not in spared]
        for each in gone if not dry else []:
            try:
                system.delete_file(each.path)
            except OSError as error:
                raise DependencyAway(f"{each.path} cannot be removed: {masked(str(error))}", fix=FIX) from error
        return gone

    def _root(self) -> tuple[Any, str]:
        if self._connected is None:
            self._connected = connected(self._address, "archive.url")
        system, root = self._connected
        return system, f"{root.rstrip('/')}/{BELOW}"


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, part = tempfile.mkstemp(prefix=PART, dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        Path(part).chmod(0o644)
        Path(part).replace(path)
    finally:
        Path(part).unlink(missing_ok=True)
    sync(path.parent)
