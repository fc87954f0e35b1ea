"""Which files hold a table: one, several, or all of a folder, which are of one kind; here, or in an object store."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, cast

import pyarrow as pa
from pyarrow import fs

from batch.history.formats import Format
from schemas.errors import DependencyAway, Usage
from schemas.settings.masking import masked

MOST_NAMED: Final = 3
MOST_SAID: Final = 200
PACKED: Final = ".gz"


SUFFIXES: Final = {
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".json": Format.JSONL,
    ".avro": Format.AVRO,
}
STREAMED: Final = frozenset({Format.CSV, Format.JSONL})
"""What may also be packed by gzip."""


@dataclass(frozen=True, slots=True)
class File:
    """`store` is where it lies if not on this machine."""

    path: Path
    format: Format
    store: Any = field(default=None, compare=False)

    def __str__(self) -> str:
        return str(self.path) if self.store is None else f"{self.store.type_name}://{self.path}"

    def unpacked(self) -> IO[bytes]:
        """From the beginning; what gzip packed comes out whole."""
        if self.store is None:
            return cast("IO[bytes]", pa.input_stream(str(self.path)))
        return cast("IO[bytes]", self.store.open_input_stream(str(self.path)))

    def as_it_lies(self) -> IO[bytes]:
        """To be read anywhere."""
        return (
            self.path.open("rb")
            if self.store is None
            else cast("IO[bytes]", self.store.open_input_file(str(self.path)))
        )


def found(names: list[str], told: Format | None = None) -> list[File]:
    """In the order given, those of a folder by name; hidden ones and those that begin with _ are passed over."""
    files = [file for name in names for file in _found(name, told)]
    seen: set[Path] = set()
    for file in files:
        if (path := file.path.resolve() if file.store is None else Path(str(file))) in seen:
            raise Usage(f"{file} is named twice", fix="name it once: its rows would count twice")
        seen.add(path)
    return files


def _found(name: str, told: Format | None) -> list[File]:
    if name == "-":
        raise Usage("a table is read more than once, and standard input can not", fix="write it into a file first")
    if "://" in name:
        return _in_store(name, told)
    path = Path(name)
    if path.is_dir():
        return _of_folder(path, told)
    if not path.exists():
        raise Usage(f"{name}: there is no such file", fix="give the path of a file or of a folder of files")
    return [File(path, _style(name, path, told))]


def _style(name: str, path: Path, told: Format | None) -> Format:
    style = told or format_of(path)
    if style is None:
        raise Usage(f"{name}: the suffix does not tell the format", fix="add --format parquet, csv, jsonl or avro")
    return style


def _of_folder(folder: Path, told: Format | None) -> list[File]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return _of_one_kind(str(folder), (path for path in paths if not _passed_over(path, folder)), told)


def _in_store(url: str, told: Format | None) -> list[File]:
    """An address such as s3://bucket/folder; keys and passwords in it are never told."""
    try:
        store, root = fs.FileSystem.from_uri(url)
        about = store.get_file_info(root)
        below = store.get_file_info(fs.FileSelector(root, recursive=True)) if not about.is_file else [about]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        said = f"{masked(url)} is no address that can be read: {masked(str(error))}"
        raise Usage(said, fix="name a file, a folder, or an address such as s3://bucket/folder") from error
    except FileNotFoundError as error:
        raise Usage(f"{masked(url)}: there is nothing", fix="give the address of a file or folder") from error
    except OSError as error:
        said = f"{masked(url)} does not answer: {masked(str(error)):.{MOST_SAID}}"
        raise DependencyAway(said, fix="check the address, the network and the right to it") from error
    if about.is_file:
        return [File(Path(root), _style(masked(url), Path(root), told), store)]
    paths = [Path(each.path) for each in below if each.is_file]
    kept = (path for path in paths if not _passed_over(path, Path(root)))
    return [File(each.path, each.format, store) for each in _of_one_kind(masked(url), kept, told)]


def _of_one_kind(folder: str, paths: Iterable[Path], told: Format | None) -> list[File]:
    files = sorted(paths)
    if not files:
        raise Usage(f"{folder}: the folder has no files", fix="give the folder that holds the files, or the files")
    styles = {path: format_of(path) for path in files}
    if told is not None:
        return [File(path, told) for path in files]
    if foreign := [path for path in files if styles[path] is None]:
        raise Usage(f"{folder} holds other files too: {_some(foreign)}", fix="move them, or name the files to be read")
    if len(kinds := sorted({str(style) for style in styles.values()})) > 1:
        raise Usage(f"{folder} holds files of {' and '.join(kinds)}", fix="name those that are to be read")
    return [File(path, Format(kinds[0])) for path in files]


def format_of(path: Path) -> Format | None:
    packed = path.suffix.lower() == PACKED
    style = SUFFIXES.get((path.with_suffix("") if packed else path).suffix.lower())
    return None if packed and style not in STREAMED else style


def _passed_over(path: Path, folder: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)


def _some(paths: list[Path]) -> str:
    more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
    return ", ".join(path.name for path in paths[:MOST_NAMED]) + more
