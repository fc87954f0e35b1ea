"""Files of objects, one after the other: JSON lines and Avro. Columns are made of some objects at a time."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import IO, Any, Final

import numpy as np
import pyarrow as pa
from fastavro import reader
from fastavro.schema import SchemaParseException, UnknownType
from pydantic_core import from_json

from batch.history.files import File
from batch.history.formats import Format
from batch.history.pieces import ROWS, Choose, Piece
from batch.history.stores import as_it_lies, unpacked
from schemas.contracts import TRANSACTION
from schemas.errors import Usage
from schemas.tables.table import Bad, array
from schemas.verdicts import Reason

Row = tuple[int, Mapping[str, object] | Bad]

MOST_SAID: Final = 200
OPTIONAL: Final = tuple(field["name"] for field in TRANSACTION.schema["fields"] if "default" in field)
"""May stand in a later object even if the first ones have none."""
BROKEN: Final = (ValueError, EOFError, TypeError, IndexError, KeyError, zlib.error, SchemaParseException, UnknownType)
UTF8_BOM: Final = b"\xef\xbb\xbf"
UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


def read(file: File, choose: Choose, later: Sequence[str] = OPTIONAL) -> Iterator[Piece]:
    """`later` are columns that may be there though the first objects do not have them."""
    columns: Mapping[str, str] | None = None
    for rows in _some(_rows(file)):
        good = [(number, value) for number, value in rows if not isinstance(value, Bad)]
        if columns is None:
            names = dict.fromkeys(name for _, value in good for name in value)
            columns = choose(file, [*names, *(name for name in later if name not in names)])
        wanted = list(dict.fromkeys(columns.values()))
        arrays = [array([value.get(name) for _, value in good]) for name in wanted]
        bad = [value for _, value in rows if isinstance(value, Bad)]
        numbers = np.array([number for number, _ in good], np.int64)
        yield Piece(file, pa.RecordBatch.from_arrays(arrays, names=wanted), numbers, columns, bad=bad)
    if columns is None:
        raise Usage(f"{file} is empty", fix="give a file with one object for each row")


def _some(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while some := list(islice(rows, ROWS)):
        yield some


def _rows(file: File) -> Iterator[Row]:
    number = 0
    try:
        if file.format is Format.JSONL:
            with unpacked(file) as packed:
                for number, value in _json(file, packed):
                    yield number, value
            return
        with as_it_lies(file) as stream:
            for number, value in enumerate(_avro(file, stream), start=1):
                yield number, value
    except (OSError, pa.ArrowException) as error:
        raise Usage(
            f"{file} cannot be read after row {number}: {error!s:.{MOST_SAID}}", fix="check the file"
        ) from error


def _json(file: File, stream: IO[bytes]) -> Iterator[Row]:
    number = 0
    for line in _lines(stream):
        if line.startswith(UTF16) and not number:
            raise Usage(f"{file} is UTF-16", fix="convert it: iconv -f UTF-16 -t UTF-8")
        line = line if number else line.removeprefix(UTF8_BOM)  # noqa: PLW2901
        if line.strip():
            number += 1
            yield number, _object(number, line)


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    begun = b""
    while data := bytes(stream.read(1 << 20)):
        *whole, begun = (begun + data).split(b"\n")
        yield from whole
    if begun:
        yield begun


def _object(number: int, line: bytes) -> Mapping[str, object] | Bad:
    try:
        value = from_json(line, allow_inf_nan=False)
    except ValueError as error:
        return Bad(number, Reason.INVALID_JSON, f"{error!s:.{MOST_SAID}}")
    return value if isinstance(value, dict) else Bad(number, Reason.INVALID_JSON, "the line is not one JSON object")


def _avro(file: File, stream: IO[bytes]) -> Iterator[Mapping[str, object]]:
    number = 0
    try:
        records: Iterator[Any] = iter(reader(stream))
        for record in records:
            number += 1
            if not isinstance(record, Mapping):
                raise TypeError("its values are not records")
            yield record
    except BROKEN as error:
        raise Usage(
            f"{file} cannot be read after row {number}: {error!s:.{MOST_SAID}}",
            fix="check that it is an Avro container file, and whole",
        ) from error
