"""Answers as a file: CSV and Parquet with the columns that stay beside them, JSON as MLflow answers, without."""

import csv
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from typing import IO, Any, Final, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from batch.predicting.ways import PREDICTION
from schemas.errors import Usage
from schemas.table_formats import Format
from schemas.tables.json_values import encoded

Columns = Mapping[str, pa.Array]
GROUP: Final = 131_072
"""Rows of a row group."""
BYTES: Final = (
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_fixed_size_binary,
    pa.types.is_binary_view,
)


class Writing(Protocol):
    def add(self, columns: Columns) -> None: ...


@contextmanager
def writing(stream: IO[bytes], form: Format) -> Iterator[Writing]:
    """What is begun is ended where the block ends well; otherwise whoever opened the stream throws it away."""
    made: dict[Format, Callable[[IO[bytes]], Any]] = {
        Format.CSV: _Csv,
        Format.JSON: _Json,
        Format.PARQUET: _Parquet,
    }
    file = made[form](stream)
    try:
        yield file
        file.close()
    finally:
        file.give_up()


class _Csv:
    def __init__(self, stream: IO[bytes]) -> None:
        self._text = TextIOWrapper(stream, "utf-8", newline="", write_through=False)
        self._rows = csv.writer(self._text, lineterminator="\n")
        self._begun = False

    def add(self, columns: Columns) -> None:
        if not self._begun:
            self._begun = True
            self._rows.writerow(columns)
        self._rows.writerows(zip(*(_cells(*each) for each in columns.items()), strict=True))

    def close(self) -> None:
        self._text.flush()

    def give_up(self) -> None:
        with suppress(OSError, ValueError):
            self._text.detach()


class _Json:
    """{"predictions": [...]}, nothing beside."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._between = ""
        self._stream.write(b'{"predictions": [')

    def add(self, columns: Columns) -> None:
        values = [_json(each) for each in columns[PREDICTION].to_pylist()]
        if values:
            self._stream.write((self._between + ", ".join(map(encoded, values))).encode())
            self._between = ", "

    def close(self) -> None:
        self._stream.write(b"]}\n")

    def give_up(self) -> None:
        """Nothing is held."""


class _Parquet:
    """The first rows say what types the columns are of; a column that is nothing at first is text."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._file: pq.ParquetWriter | None = None
        self._schema: pa.Schema | None = None
        self._held: list[pa.RecordBatch] = []

    def add(self, columns: Columns) -> None:
        if self._schema is None:
            self._schema = pa.schema([(name, _type(each.type)) for name, each in columns.items()])
            self._file = pq.ParquetWriter(self._stream, self._schema, compression="zstd")
        cells = [_cast(name, each, self._schema.field(name).type) for name, each in columns.items()]
        self._held.append(pa.RecordBatch.from_arrays(cells, schema=self._schema))
        if sum(each.num_rows for each in self._held) >= GROUP:
            self._write()

    def close(self) -> None:
        if self._file is not None:
            self._write()
            self._file.close()
            self._file = None

    def give_up(self) -> None:
        if self._file is not None:
            with suppress(OSError, ValueError, pa.ArrowException):
                self._file.close()

    def _write(self) -> None:
        if self._file is not None and self._held:
            self._file.write_table(pa.Table.from_batches(self._held, self._schema), row_group_size=GROUP)
            self._held = []


def _cells(name: str, values: pa.Array) -> Sequence[Any]:
    """As whoever reads CSV expects them: nothing for null, and no word of the language that wrote it."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if any(is_(values.type) for is_ in BYTES):
        values = _texts(name, values)
    found: list[Any] = values.to_pylist()
    if pa.types.is_boolean(values.type):
        return [None if each is None else str(each).lower() for each in found]
    if pa.types.is_nested(values.type):
        return [None if each is None else encoded(_plain(name, each)) for each in found]
    return found


def _texts(name: str, values: pa.Array) -> pa.Array:
    try:
        return values.cast(pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        raise _no_text(name) from None


def _plain(name: str, value: Any) -> Any:  # noqa: ANN401 - anything that Parquet can say
    """What JSON has no word for is the text of it."""
    if isinstance(value, dict):
        return {str(key): _plain(name, each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(name, each) for each in value]
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise _no_text(name) from None
    return _json(value) if value is None or isinstance(value, str | int | float) else str(value)


def _no_text(name: str) -> Usage:
    return Usage(f"the column {name} has bytes that are no text, and CSV is text", fix="write Parquet: -o out.parquet")


def _json(value: Any) -> Any:  # noqa: ANN401 - anything that a model predicts
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _type(found: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_null(found) else found


def _cast(name: str, values: pa.Array, wanted: pa.DataType) -> pa.Array:
    if values.type == wanted:
        return values
    try:
        return values.cast(wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise Usage(
            f"the column {name} is of type {wanted} at first and of {values.type} further down",
            fix="write CSV instead, or make the column all of one type",
        ) from None
