"""Files and standard input as rows: JSON lines, CSV, Avro, Parquet. Each row comes with the place it begins at.

What cannot be read as a row is said with its place and reason, and the next one is read. Rows come as soon as they are
there: a slow writer's row waits for no other.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from io import BufferedReader
from pathlib import Path
from typing import Final, cast

from schemas.errors import Stop, Usage

MOST_ROWS: Final = 1000
STDIN: Final = "-"
UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
UTF8_BOM: Final = b"\xef\xbb\xbf"


class Format(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"
    AVRO = "avro"
    PARQUET = "parquet"


LINELESS: Final = frozenset({Format.AVRO, Format.PARQUET})
SUFFIXES: Final = {
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".json": Format.JSONL,
    ".csv": Format.CSV,
    ".avro": Format.AVRO,
    ".parquet": Format.PARQUET,
}


@dataclass(frozen=True, slots=True)
class Reject:
    """`line` is where the row begins; in files that have no lines, the row's number. Both count from 1."""

    line: int
    reason: str
    detail: str


Entry = tuple[int, Mapping[str, object]] | Reject | None
"""None is a blank line."""


@dataclass(slots=True)
class Rows:
    """Some rows in the order of the file, and the rejects among them."""

    lines: list[int] = field(default_factory=list)
    values: list[Mapping[str, object]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.values) + len(self.rejects)

    def add(self, entry: Entry) -> None:
        if isinstance(entry, Reject):
            self.rejects.append(entry)
        elif entry is not None:
            self.lines.append(entry[0])
            self.values.append(entry[1])


def format_of(path: str, told: Format | None) -> Format:
    """What was told, else by the suffix; standard input is JSON lines."""
    if told is not None:
        return told
    if path == STDIN:
        return Format.JSONL
    known = SUFFIXES.get(Path(path).suffix.lower())
    if known is None:
        raise Usage(f"{path}: the suffix does not tell the format", fix="add --format jsonl, csv, avro or parquet")
    return known


@contextmanager
def opened(path: str) -> Iterator[BufferedReader]:
    """`-` is standard input, which is left open."""
    if path == STDIN:
        yield cast("BufferedReader", sys.stdin.buffer)
        return
    with _open(path) as stream:
        yield stream


def _open(path: str) -> BufferedReader:
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise Usage(f"{path}: {error.strerror}", fix="give the path of a file, or - for standard input") from error


def in_rows(entries: Iterable[Entry], waits: Callable[[], bool]) -> Iterator[Rows]:
    """At most MOST_ROWS at a time, and what is there whenever the next one may have to be waited for."""
    rows = Rows()
    try:
        for entry in entries:
            rows.add(entry)
            if len(rows) >= MOST_ROWS or (len(rows) and waits()):
                yield rows
                rows = Rows()
    except Stop:
        yield rows
        raise
    if len(rows):
        yield rows


def unmarked(line: bytes, number: int) -> bytes:
    """The line without the byte order mark that some programs put before the first one."""
    if number > 1:
        return line
    if line.startswith(UTF16):
        raise Usage("line 1: the file is UTF-16", fix="convert it: iconv -f UTF-16 -t UTF-8")
    return line.removeprefix(UTF8_BOM)
