"""Reading what other versions wrote: the kernel's columns are fastavro's own resolution, case by case."""

import copy
import io
from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest
from fastavro import parse_schema, schemaless_reader

from schemas.contracts import TRANSACTION, Schema
from schemas.lot.columns import Columns
from schemas.lot.plan import compile_plan

Evolved = Callable[..., Schema]
Avro = Callable[..., bytes]
Event = Callable[..., dict[str, Any]]


def kernel(writer: Schema, reader: Schema, payload: bytes) -> dict[str, Any]:
    plan = compile_plan(writer, reader)
    assert plan is not None
    data = np.frombuffer(payload, np.uint8)
    rows, verdicts = Columns(reader).from_payloads(plan, data, np.array([0]), np.array([len(payload)]))
    rows.validate(full=True)
    assert list(verdicts) == [0]
    return cast("dict[str, Any]", rows.to_pylist()[0])


def fastavro(writer: Schema, reader: Schema, payload: bytes) -> dict[str, Any]:
    return cast("dict[str, Any]", schemaless_reader(io.BytesIO(payload), parse_schema(writer), parse_schema(reader)))


def as_both_read(writer: Schema, payload: bytes, reader: Schema = TRANSACTION.schema) -> dict[str, Any]:
    read = kernel(writer, reader, payload)
    assert read == fastavro(writer, reader, payload)
    return read


def test_an_added_field_has_its_default(event: Event, avro: Avro, evolved: Evolved) -> None:
    """A field newer than the record reads as the reader's default, of any type."""
    reader = copy.deepcopy(TRANSACTION.schema)
    added = {"region": "EMEA", "level": 3, "ratio": 0.5, "checked": True, "kind": "B"}
    kinds = ["string", "int", "double", "boolean", {"type": "enum", "name": "K", "symbols": ["A", "B"]}]
    reader["fields"] += [
        {"name": name, "type": kind, "default": value} for (name, value), kind in zip(added.items(), kinds, strict=True)
    ]
    read = as_both_read(TRANSACTION.schema, avro(event()), reader)
    assert {name: read[name] for name in added} == added


def test_a_dropped_field_is_passed_over(event: Event, avro: Avro, planned: Mapping[str, Schema]) -> None:
    """Fields the reader no longer has are skipped, whatever simple type they are."""
    more = {"a": b"\xff", "b": True, "c": None, "d": 1.5, "e": 2.5, "f": "Z", "g": None, "h": "é", "i": -5, "j": False}
    writer = planned["more fields"]
    assert as_both_read(writer, avro(event() | more | {"k": 7}, writer))["memo"] == "Käse"


def test_an_alias_finds_its_field(event: Event, avro: Avro, evolved: Evolved) -> None:
    """A renamed field is read under its new name."""
    reader = copy.deepcopy(TRANSACTION.schema) | {"aliases": ["Payment"]}
    reader["fields"][2]["aliases"] = ["pan_token"]
    writer = evolved(card_id=None, pan_token="string") | {"name": "Payment"}
    assert as_both_read(writer, avro(event(pan_token="card-7"), writer), reader)["card_id"] == "card-7"


@pytest.mark.parametrize("value", [0, -1, 2**31 - 1, -(2**31)])
def test_int_becomes_long_and_double(event: Event, avro: Avro, evolved: Evolved, value: int) -> None:
    """A widened integer keeps its value."""
    writer = evolved(amount_minor="int", latitude=["null", "int"])
    read = as_both_read(writer, avro(event(amount_minor=value, latitude=value), writer))
    assert (read["amount_minor"], read["latitude"]) == (value, float(value))


@pytest.mark.parametrize("value", [0, -1, 2**53 + 1, 2**63 - 1, -(2**63)])
def test_long_becomes_double(event: Event, avro: Avro, evolved: Evolved, value: int) -> None:
    """Also beyond 2^53, where both round to even."""
    writer = evolved(latitude="long")
    assert as_both_read(writer, avro(event(latitude=value), writer))["latitude"] == float(value)


@pytest.mark.parametrize("value", [0.0, -0.0, 0.1, 1e38, 1e-45, float("inf"), float("-inf")])
def test_float_becomes_double(event: Event, avro: Avro, evolved: Evolved, value: float) -> None:
    """Widening a float is exact."""
    writer = evolved(longitude=["float", "null"])
    assert as_both_read(writer, avro(event(longitude=value), writer))["longitude"] == np.float32(value)


def test_bytes_become_string(event: Event, avro: Avro, evolved: Evolved) -> None:
    """Bytes that are UTF-8 read as text."""
    writer = evolved(memo=["bytes", "null"], card_id="bytes")
    assert as_both_read(writer, avro(event(memo="€".encode(), card_id=b"c"), writer))["memo"] == "€"


@pytest.mark.parametrize(("symbol", "read"), [("CRYPTO", "UNKNOWN"), ("WALLET", "UNKNOWN"), ("CASH", "CASH")])
def test_a_new_symbol_reads_as_the_default(
    event: Event, avro: Avro, planned: Mapping[str, Schema], symbol: str, read: str
) -> None:
    """A symbol the reader knows is found by name, one it does not is its default."""
    writer = planned["later symbols"]
    assert as_both_read(writer, avro(event(channel=symbol), writer))["channel"] == read


def test_order_and_optionality_may_differ(event: Event, avro: Avro, planned: Mapping[str, Schema]) -> None:
    """Reordered fields, null branches in either place and required fields all read the same."""
    for name in ("as published", "reordered", "null last", "never null", "plain time"):
        assert kernel(planned[name], TRANSACTION.schema, avro(event(), planned[name])) == kernel(
            TRANSACTION.schema, TRANSACTION.schema, avro(event())
        )


def test_nulls_are_nulls(event: Event, avro: Avro, planned: Mapping[str, Schema]) -> None:
    """Every optional field can be null, by branch or by type."""
    nothing = dict.fromkeys(list(event())[7:])
    for name in ("as published", "null last", "required only", "reordered"):
        given = event() | nothing | ({"null last": {"country": "DE"}}.get(name, {}))
        read = as_both_read(planned[name], avro(given, planned[name]))
        assert [read[each] for each in nothing] == [given[each] for each in nothing]
    assert as_both_read(planned["always null"], avro(event() | nothing, planned["always null"]))["memo"] is None


def test_columns_are_of_the_readers_types(event: Event, avro: Avro, planned: Mapping[str, Schema]) -> None:
    """Whatever the writer has, the batch has the contract's schema."""
    columns = Columns(TRANSACTION.schema)
    for name in ("promoted", "promoted from long", "required only"):
        plan = compile_plan(planned[name], TRANSACTION.schema)
        assert plan is not None
        rows, _ = columns.from_payloads(plan, np.empty(0, np.uint8), np.empty(0, np.int64), np.empty(0, np.int64))
        assert rows.schema == columns.schema
        assert pa.RecordBatch.from_pylist([], columns.schema).num_rows == rows.num_rows == 0
