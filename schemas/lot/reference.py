"""One record by fastavro, strictly: what the kernel must agree with, what reads schemas that have no plan, and what
explains every refusal.

First the payload is walked (`schemas.lot.strict`), then fastavro resolves it to the reader's schema, then every value
is checked against its column. A record that does not resolve is INVALID_ENCODING, or INVALID_UTF8 where bytes are read
as string.
"""

import datetime as dt
from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final, cast

import pyarrow as pa
from fastavro import schemaless_reader
from fastavro.read import SchemaResolutionError
from fastavro.schema import parse_schema

from schemas.contracts import Schema
from schemas.errors import DeadLetter
from schemas.lot.logical import without_plain
from schemas.lot.strict import check
from schemas.lot.table import SYMBOL, TIMESTAMP, columns, symbols
from schemas.verdicts import Reason

Record = Mapping[str, object]

EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MILLISECOND: Final = dt.timedelta(milliseconds=1)
PYTHON_TYPES: Final = {pa.string(): str, pa.int32(): int, pa.int64(): int, TIMESTAMP: int, pa.bool_(): bool}


class Reference:
    def __init__(self, writer: Schema, reader: Schema) -> None:
        self._named: dict[str, Any] = {}
        self._writer = cast("Schema", parse_schema(without_plain(writer), self._named))
        self._reader = cast("Schema", parse_schema(without_plain(reader)))
        self._columns = columns(reader)
        self._symbols = {each["name"]: symbols(each["type"]) for each in reader["fields"]}

    def read(self, payload: bytes) -> Record:
        """The record as its columns hold it: times in milliseconds, enums as symbols. Else raises DeadLetter."""
        check(payload, self._writer, self._named)
        record = self._resolved(payload)
        return {field.name: self._value(field, record[field.name]) for field in self._columns}

    def _resolved(self, payload: bytes) -> Record:
        try:
            return cast("Record", schemaless_reader(BytesIO(payload), self._writer, self._reader))
        except UnicodeDecodeError as error:
            raise DeadLetter(Reason.INVALID_UTF8, f"bytes read as string: {error.reason}") from None
        except SchemaResolutionError as error:
            raise self._unresolved(str(error)) from None
        except Exception as error:  # noqa: BLE001 - fastavro's failures have no common base
            raise self._unresolved(type(error).__name__) from None

    def _unresolved(self, why: str) -> DeadLetter:
        return DeadLetter(Reason.INVALID_ENCODING, f"does not resolve to {self._reader['name']}: {why}")

    def _value(self, field: pa.Field, value: object) -> object:
        if value is None and field.nullable:
            return None
        if field.type == TIMESTAMP and isinstance(value, dt.datetime) and value.tzinfo is not None:
            return (value - EPOCH) // MILLISECOND
        if pa.types.is_floating(field.type) and isinstance(value, int | float):
            return float(value)
        if (field.type == SYMBOL and value in self._symbols[field.name]) or type(value) is PYTHON_TYPES.get(field.type):
            return value
        found = type(value).__name__
        raise DeadLetter(Reason.INVALID_ENCODING, f"{field.name}: {found} cannot be read as {field.type}")
