"""Which files hold a table: one, several, or all of a folder, which are of one kind; here, or in an object store."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from batch.history.formats import Format
from schemas.errors import Usage

MOST_NAMED: Final = 3
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
class Cut:
    """Row groups of a Parquet file, with as many rows before them."""

    groups: tuple[int, ...]
    before: int


@dataclass(frozen=True, slots=True)
class File:
    """`store` is where it lies if not on this machine; `cut` says which part of it is meant if not the whole."""

    path: Path
    format: Format
    store: Any = field(default=None, compare=False)
    cut: "Cut | None" = field(default=None, compare=False)

    def __str__(self) -> str:
        return str(self.path) if self.store is None else f"{self.store.type_name}://{self.path}"


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
        from batch.history.stores import in_store  # noqa: PLC0415 - heavy, and most files lie here

        return in_store(name, told)
    path = Path(name)
    if path.is_dir():
        return _of_folder(path, told)
    if not path.exists():
        raise Usage(f"{name}: there is no such file", fix="give the path of a file or of a folder of files")
    return [File(path, style_of(name, path, told))]


def style_of(name: str, path: Path, told: Format | None) -> Format:
    style = told or format_of(path)
    if style is None:
        raise Usage(f"{name}: the suffix does not tell the format", fix="add --format parquet, csv, jsonl or avro")
    return style


def _of_folder(folder: Path, told: Format | None) -> list[File]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return of_one_kind(str(folder), (path for path in paths if not passed_over(path, folder)), told)


def of_one_kind(folder: str, paths: Iterable[Path], told: Format | None) -> list[File]:
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


def passed_over(path: Path, folder: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)


def _some(paths: list[Path]) -> str:
    more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
    return ", ".join(path.name for path in paths[:MOST_NAMED]) + more
