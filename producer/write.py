"""Transactions to a file that `publish` can read again: JSON lines, CSV or Avro."""

import csv
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from typing import IO, Any

import pyarrow as pa
from fastavro import parse_schema, writer

from producer.columns import FIELDS, to_rows
from producer.files import Format
from schemas.contracts import TRANSACTION
from schemas.encoding import to_json


def write(stream: IO[bytes], chunks: Iterable[pa.RecordBatch], style: Format) -> int:
    """How many rows were written. What was written stays when `chunks` ends early."""
    counted = Counted(chunks)
    if style is Format.JSONL:
        stream.writelines(to_json(row) + b"\n" for row in counted)
    elif style is Format.CSV:
        _write_csv(stream, counted)
    else:
        writer(stream, parse_schema(TRANSACTION.schema), counted, codec="deflate")
    return counted.rows


class Counted:
    def __init__(self, chunks: Iterable[pa.RecordBatch]) -> None:
        self.rows = 0
        self._chunks = chunks

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for chunk in self._chunks:
            yield from to_rows(chunk)
            self.rows += len(chunk)


def _write_csv(stream: IO[bytes], rows: Iterable[dict[str, Any]]) -> None:
    text = TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
    table = csv.writer(text, lineterminator="\n")
    table.writerow(FIELDS)
    table.writerows(row.values() for row in rows)
    text.detach()
