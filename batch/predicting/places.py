"""Where a file of rows is, and where its predictions go: names as they stand on a command line."""

import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from schemas.errors import DependencyAway, Usage
from schemas.table_formats import PACKED, Format, format_of
from schemas.tables import Lying

STDIN: Final = "-"
ADDRESS: Final = re.compile(r"^([a-z][a-z0-9+.-]*://|[A-Za-z0-9_.-]+:[0-9]{1,5}$|\[[0-9a-fA-F:]+\]:[0-9]{1,5}$)")
TOPIC: Final = re.compile(r"^[A-Za-z0-9._-]{1,249}$")
DOORS: Final = "`fraudstream score` scores a topic as it comes, `fraudstream models serve` answers requests"
REJECTS: Final = ".rejects.jsonl"

Role = tuple[str, Path, str]
"""How a file was named, such as by an option; the file; what it is."""


def form_of(name: str | None, told: Format | None, instead: Format = Format.JSON) -> Format:
    """What was told counts, then the suffix."""
    if told is not None or name in {None, STDIN}:
        return told or instead
    found = format_of(Path(str(name)))
    if found is None:
        raise Usage(f"{name}: the suffix does not tell the format", fix="say it with -t json, -t csv or -t parquet")
    return found


def output_form(path: Path, told: Format | None, instead: Format) -> Format:
    """By its suffix; a name without one is of the format of the input. Nothing is packed on its way out."""
    found = None if path.suffix.lower() == PACKED else format_of(path)
    if found is None and path.suffix and told is None:
        raise Usage(f"-o {path}: nothing is written with that suffix", fix="end it in .csv, .json or .parquet")
    return found or told or instead


def check_input(name: str) -> None:
    """Raises Usage for what is no file, with the door that is meant."""
    if ADDRESS.match(name):
        raise Usage(f"-i {name} is an address, and this reads files", fix=DOORS)
    path = Path(name)
    if path.is_dir():
        raise Usage(f"-i {name} is a folder", fix="name one file at a time")
    if not path.exists():
        fix = f"give the path of a file; if it is a topic: {DOORS}" if _may_be_topic(name) else "give a file's path"
        raise Usage(f"-i {name}: there is no such file", fix=fix)
    if not os.access(path, os.R_OK):
        raise Usage(f"-i {name} cannot be read", fix="get the right to it")


def check_output(name: str, option: str = "-o") -> Path:
    path = Path(name)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise Usage(f"{option} {name}: there is no folder for it, or it is one itself", fix="name a file in a folder")
    return path


def check_apart(written: Sequence[Role], read: Sequence[Role]) -> None:
    """Raises Usage where a file would be written over one that is read, or over another one."""
    for place, (said, path, _) in enumerate(written):
        for _, other, what in (*read, *written[:place]):
            if path != Path(os.devnull) and _is_same(path, other):
                raise Usage(f"{said} {path} is {what} itself", fix="name another file")


def _is_same(path: Path, other: Path) -> bool:
    """By whatever name; also where there is none of them yet."""
    if path.exists() and other.exists():
        return path.samefile(other)
    return os.path.realpath(path) == os.path.realpath(other)


def rejects_beside(output: Path) -> Path:
    """batch_output.csv has its rejects in batch_output.csv.rejects.jsonl."""
    return output.with_name(output.name + REJECTS)


def is_plain(path: Path) -> bool:
    """Neither a pipe nor a device: those are written as they come."""
    return not path.exists() or stat.S_ISREG(path.stat().st_mode)


@contextmanager
def readable(name: str | None, form: Format) -> Iterator[Lying]:
    """Standard input and pipes are put into a file first: a table is read from its beginning more than once."""
    if name not in {None, STDIN} and is_plain(Path(str(name))):
        yield Lying(Path(str(name)))
        return
    with tempfile.NamedTemporaryFile(suffix=f".{form}") as kept:
        called = "standard input" if name in {None, STDIN} else str(name)
        try:
            with _piped(name) as stream:
                shutil.copyfileobj(stream, kept)
            kept.flush()
        except OSError as error:
            said = f"{called} could not be kept in {tempfile.gettempdir()}: {error.strerror or error}"
            raise DependencyAway(said, fix="make room there, set TMPDIR, or give a file with -i") from error
        yield Lying(Path(kept.name), called)


@contextmanager
def _piped(name: str | None) -> Iterator[IO[bytes]]:
    if name in {None, STDIN}:
        yield sys.stdin.buffer
        return
    with Path(str(name)).open("rb") as stream:
        yield stream


def _may_be_topic(name: str) -> bool:
    return TOPIC.match(name) is not None and format_of(Path(name)) is None
