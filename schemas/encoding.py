"""Rows to wire bytes: a contract's record in one of the three framings."""

import json
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Final

from fastavro import parse_schema, schemaless_writer

from schemas import framing
from schemas.contracts import Contract
from schemas.errors import Misconfigured
from schemas.framing import Framing

Row = Mapping[str, object]
Encode = Callable[[Row], bytes]
SEPARATORS: Final = (",", ":")


def encoder(contract: Contract, style: Framing, register: Callable[[Contract], int] | None = None) -> Encode:
    """`register` gives the schema's id in a registry; only the confluent framing asks it, once."""
    return to_json if style is Framing.JSON else _avro(contract, header(contract, style, register))


def header(contract: Contract, style: Framing, register: Callable[[Contract], int] | None = None) -> bytes:
    """What stands before the Avro of a record."""
    if style is Framing.SINGLE_OBJECT:
        return framing.single_object(contract.fingerprint)
    if register is None:
        raise Misconfigured(
            "the confluent framing needs a schema registry, and none is set",
            fix="set registry.url, or use the single-object framing",
        )
    return framing.confluent(register(contract))


def to_json(row: Row) -> bytes:
    """Fields that are null are left out; in a list a number that is not known is null, since JSON has no NaN."""
    there = {name: _known(value) for name, value in row.items() if value is not None}
    return json.dumps(there, ensure_ascii=False, separators=SEPARATORS, allow_nan=False).encode()


def _known(value: object) -> object:
    return [None if each != each else each for each in value] if isinstance(value, list) else value  # noqa: PLR0124


def _avro(contract: Contract, before: bytes) -> Encode:
    schema = parse_schema(contract.schema)

    def encode(row: Row) -> bytes:
        buffer = BytesIO()
        buffer.write(before)
        schemaless_writer(buffer, schema, row)
        return buffer.getvalue()

    return encode
