"""Records to a file of any of the formats, which `publish` can read again; the same records make the same bytes.

A time is an integer, milliseconds since 1970, but in Parquet, which has a type for it. What was written stays when the
records end early.
"""

import csv
from collections.abc import Iterable, Iterator
from hashlib import md5
from io import TextIOWrapper
from typing import IO, Any, Final, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from fastavro import parse_schema
from fastavro.write import Writer as AvroWriter

from producer.files import Format
from schemas.contracts import LABEL, TRANSACTION, Schema
from schemas.encoding import to_json
from schemas.lot.table import SYMBOL

GROUP_ROWS: Final = 100_000
AVRO_TYPES: Final[dict[pa.DataType, object]] = {
    pa.string(): "string",
    pa.bool_(): "boolean",
    pa.int32(): "int",
    pa.int64(): "long",
    pa.float64(): "double",
    pa.timestamp("ms", "UTC"): {"type": "long", "logicalType": "timestamp-millis"},
}
PUBLISHED: Final = {each["name"]: each for contract in (LABEL, TRANSACTION) for each in contract.schema["fields"]}


class Writing(Protocol):
    def add(self, batch: pa.RecordBatch) -> None: ...

    def close(self) -> None:
        """Ends the file; the stream stays open."""


def writing(stream: IO[bytes], style: Format, columns: pa.Schema, name: str) -> Writing:
    """`name` is what a record is called where the format asks for it."""
    if style is Format.JSONL:
        return _Lines(stream)
    if style is Format.CSV:
        return _Csv(stream, columns)
    return _Parquet(stream, columns) if style is Format.PARQUET else _Avro(stream, columns, name)


def write(stream: IO[bytes], chunks: Iterable[pa.RecordBatch], style: Format, columns: pa.Schema, name: str) -> int:
    """How many rows were written."""
    rows, file = 0, writing(stream, style, columns, name)
    try:
        for chunk in chunks:
            file.add(chunk)
            rows += len(chunk)
    finally:
        file.close()
    return rows


class _Lines:
    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def add(self, batch: pa.RecordBatch) -> None:
        self._stream.writelines(to_json(row) + b"\n" for row in rows_of(batch))

    def close(self) -> None:
        self._stream.flush()


class _Csv:
    def __init__(self, stream: IO[bytes], columns: pa.Schema) -> None:
        self._text = TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
        self._table = csv.writer(self._text, lineterminator="\n")
        self._table.writerow(columns.names)

    def add(self, batch: pa.RecordBatch) -> None:
        self._table.writerows(map(_cell, row.values()) for row in rows_of(batch))

    def close(self) -> None:
        self._text.detach()


class _Avro:
    """The marker between blocks is made from the schema, where others draw one, so that files can be compared."""

    def __init__(self, stream: IO[bytes], columns: pa.Schema, name: str) -> None:
        schema = _avro_schema(columns, name)
        marker = md5(str(schema).encode(), usedforsecurity=False).digest()
        self._file = AvroWriter(stream, parse_schema(schema), codec="deflate", sync_marker=marker)

    def add(self, batch: pa.RecordBatch) -> None:
        for row in rows_of(batch):
            self._file.write(row)

    def close(self) -> None:
        self._file.flush()


class _Parquet:
    """Row groups do not depend on how the records come."""

    def __init__(self, stream: IO[bytes], columns: pa.Schema) -> None:
        self._file = pq.ParquetWriter(stream, columns, compression="zstd")
        self._held: list[pa.RecordBatch] = []
        self._rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        while self._rows + len(batch) >= GROUP_ROWS:
            ends = GROUP_ROWS - self._rows
            self._held.append(batch.slice(0, ends))
            self._write()
            batch = batch.slice(ends)
        if len(batch):
            self._held.append(batch)
            self._rows += len(batch)

    def close(self) -> None:
        if self._held:
            self._write()
        self._file.close()

    def _write(self) -> None:
        self._file.write_table(pa.Table.from_batches(self._held), row_group_size=GROUP_ROWS)
        self._held, self._rows = [], 0


def rows_of(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """One after the other, times as milliseconds."""
    plain = [column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column for column in batch.columns]
    rows: list[dict[str, Any]] = pa.RecordBatch.from_arrays(plain, names=batch.schema.names).to_pylist()
    return iter(rows)


def _cell(value: object) -> object:
    """A boolean as the contract's cells have it, which is not as Python writes it."""
    return str(value).lower() if isinstance(value, bool) else value


def _avro_schema(columns: pa.Schema, name: str) -> Schema:
    """Fields as published where they are, so that files carry their meaning too."""
    return {"type": "record", "name": name, "namespace": "fraudstream", "fields": [_field(each) for each in columns]}


def _field(field: pa.Field) -> Schema:
    known: Schema | None = PUBLISHED.get(field.name)
    if known is not None and (known["type"] == AVRO_TYPES.get(field.type) or field.nullable or field.type == SYMBOL):
        return known
    return {"name": field.name, "type": AVRO_TYPES[field.type]}
