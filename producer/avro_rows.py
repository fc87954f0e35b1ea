"""Avro container files as rows: the file's own schema is read as the contract, so added and dropped fields are fine.

Values stay as they stand in the file, also times and texts that are none, so that a bad row is refused by itself.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import IO, Any, Final, cast

from fastavro import block_reader, parse_schema, schemaless_reader
from fastavro.read import SchemaResolutionError

from producer.files import Entry, Rows, in_rows
from producer.form import TRANSACTIONS, Form
from schemas.contracts import Schema
from schemas.errors import Usage
from schemas.lot.logical import without_plain

MOST_SAID: Final = 200
BROKEN: Final = (ValueError, EOFError, TypeError, IndexError, KeyError, struct.error, zlib.error)


def read(stream: IO[bytes], form: Form = TRANSACTIONS) -> Iterator[Rows]:
    return in_rows(_entries(stream, form), lambda: False)


def _entries(stream: IO[bytes], form: Form) -> Iterator[Entry]:
    number = 0
    try:
        for value in _values(stream, without_plain(form.schema)):
            number += 1
            yield number, value
    except SchemaResolutionError as error:
        raise Usage(
            f"the file's schema does not fit a {form.name}: {str(error)[:MOST_SAID]}",
            fix=f"the published schema of a {form.name} is taken, or one that can be read as it",
        ) from error
    except BROKEN as error:
        raise Usage(
            f"the file cannot be read on after {number} rows: {error!s:.{MOST_SAID}}",
            fix="check that it is an Avro container file, and whole; the rows before it are handled",
        ) from error


def _values(stream: IO[bytes], wanted: Schema) -> Iterator[dict[str, Any]]:
    blocks = block_reader(stream)
    schema = parse_schema(without_plain(cast("Schema", blocks.writer_schema)))
    for block in blocks:
        data: Any = block
        for _ in range(block.num_records):
            yield cast(
                "dict[str, Any]",
                schemaless_reader(data.bytes_, schema, wanted, handle_unicode_errors="surrogateescape"),
            )
