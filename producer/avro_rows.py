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
from schemas.contracts import TRANSACTION, Schema
from schemas.errors import Usage
from schemas.lot.logical import without_plain

CONTRACT: Final = without_plain(TRANSACTION.schema)
MOST_SAID: Final = 200
BROKEN: Final = (ValueError, EOFError, TypeError, IndexError, KeyError, struct.error, zlib.error)


def read(stream: IO[bytes]) -> Iterator[Rows]:
    return in_rows(_entries(stream), lambda: False)


def _entries(stream: IO[bytes]) -> Iterator[Entry]:
    number = 0
    try:
        for value in _values(stream):
            number += 1
            yield number, value
    except SchemaResolutionError as error:
        raise Usage(
            f"the file's schema does not fit a transaction: {str(error)[:MOST_SAID]}",
            fix="`fraudstream publish` takes the published Transaction schema or one that can be read as it",
        ) from error
    except BROKEN as error:
        raise Usage(
            f"the file cannot be read on after {number} rows: {error!s:.{MOST_SAID}}",
            fix="check that it is an Avro container file, and whole; the rows before it are handled",
        ) from error


def _values(stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    blocks = block_reader(stream)
    schema = parse_schema(without_plain(cast("Schema", blocks.writer_schema)))
    for block in blocks:
        data: Any = block
        for _ in range(block.num_records):
            yield cast(
                "dict[str, Any]",
                schemaless_reader(data.bytes_, schema, CONTRACT, handle_unicode_errors="surrogateescape"),
            )
