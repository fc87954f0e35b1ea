"""A lot that Arrow reads out of one block of memory, beside the same lot made column by column."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from support.mutant import weakened

from schemas.contracts import LABEL, TRANSACTION, Schema
from schemas.lot import filled
from schemas.lot.columns import Columns
from schemas.lot.filled import Filled
from schemas.lot.plan import compile_plan
from schemas.lot.table import COORDINATES

Avro = Callable[..., bytes]
Event = Callable[..., dict[str, Any]]
WRITERS = ("as published", "null last", "required only", "reordered", "later symbols")
SIZES = (0, 1, 2, 7, 8, 9, 63, 64, 65, 200)


def filled_with(payloads: Sequence[bytes], writer: Schema, columns: Columns, reader: Schema) -> Filled:
    plan = compile_plan(writer, reader)
    assert plan is not None
    ends = np.cumsum([len(each) for each in payloads], dtype=np.int64)
    starts = ends - np.array([len(each) for each in payloads], np.int64)
    return Filled(columns.layout(plan), np.frombuffer(b"".join(payloads), np.uint8), starts, ends)


def coordinates(rows: int) -> tuple[NDArray[Any], ...]:
    at = np.arange(rows)
    return (at % 7).astype(np.int32), at + 2**40, at - 5, at.astype(np.uint32) + np.uint32(2**31)


def column_by_column(columns: Columns, records: Sequence[Mapping[str, object]]) -> pa.RecordBatch:
    given = zip(coordinates(len(records)), COORDINATES.types, strict=True)
    arrays = [*columns.from_records(records).columns, *(pa.array(values, kind) for values, kind in given)]
    return pa.RecordBatch.from_arrays(arrays, schema=columns.lot)


def events(event: Event, size: int) -> list[dict[str, Any]]:
    """Every third has no value where there may be none; texts have any length."""
    nothing = dict.fromkeys(list(event())[7:])
    made = [event(event_id="é" * (row % 5), amount_minor=row << 20) for row in range(size)]
    return [each | nothing if row % 3 == 1 else each for row, each in enumerate(made)]


def check_all(event: Event, avro: Avro, planned: Mapping[str, Schema], evolved: Callable[..., Schema]) -> None:
    widened = evolved(amount_minor="int", latitude=["null", "int"], longitude=["float", "null"])
    columns = Columns(TRANSACTION.schema)
    for name, writer in [*((name, planned[name]) for name in WRITERS), ("widened", widened)]:
        for size in SIZES:
            places = {"latitude": 1, "longitude": 2.5} if name == "widened" else {}
            records = [each | places for each in events(event, size)]
            payloads = [avro(each, writer) for each in records]
            cut = [each for payload in payloads for each in (payload, payload[:-1])]
            unknown = dict.fromkeys(list(event())[7:]) if name == "required only" else {}
            for given in (payloads, cut):
                found = filled_with(given, writer, columns, TRANSACTION.schema)
                lot = found.lot(*coordinates(found.rows))
                lot.validate(full=True)
                assert lot.schema.equals(columns.lot, check_metadata=True)
                assert lot.equals(column_by_column(columns, [each | unknown for each in records])), (name, size)


def test_the_lot_is_the_one_that_is_made_column_by_column(
    event: Event, avro: Avro, planned: Mapping[str, Schema], evolved: Callable[..., Schema]
) -> None:
    """Of any number of rows, with nulls, refused rows between them, and whatever writer."""
    check_all(event, avro, planned, evolved)


def test_columns_are_parts_of_one_block(event: Event, avro: Avro) -> None:
    """Nothing is copied."""
    columns = Columns(TRANSACTION.schema)
    found = filled_with([avro(each) for each in events(event, 9)], TRANSACTION.schema, columns, TRANSACTION.schema)
    block = found._block
    lot = found.lot(*coordinates(9))
    buffers = [each for column in lot.columns for each in column.buffers() if each]
    assert len(buffers) > len(lot.columns)
    for each in buffers:
        assert 0 <= each.address - block.ctypes.data <= block.nbytes - each.size


def test_what_a_writer_did_not_have_is_filled_in(event: Event, avro: Avro) -> None:
    """A default stands in its place among the others, also in a lot with coordinates."""
    reader = copy.deepcopy(TRANSACTION.schema)
    reader["fields"].insert(3, {"name": "region", "type": "string", "default": "EMEA"})
    columns = Columns(reader)
    found = filled_with([avro(event())] * 3, TRANSACTION.schema, columns, reader)
    assert found.lot(*coordinates(3)).equals(column_by_column(columns, [event() | {"region": "EMEA"}] * 3))


def test_a_contract_without_symbols_has_its_booleans(avro: Avro) -> None:
    """A bit each."""
    record = {"event_id": "e", "card_id": "c", "terminal_id": "t", "amount_minor": 1, "currency": "EUR", "source": "s"}
    labels = [record | {"event_time": 1, "is_fraud": row % 3 == 0} for row in range(20)]
    columns = Columns(LABEL.schema)
    found = filled_with([avro(each, LABEL.schema) for each in labels], LABEL.schema, columns, LABEL.schema)
    assert found.lot(*coordinates(20)).equals(column_by_column(columns, labels))


MUTANTS = {
    "nulls are not counted": ("block[node], block[node + 1] = rows, null", "block[node], block[node + 1] = rows, 0"),
    "texts are those of another": ("parts[TEXTS] + slot * long", "parts[TEXTS]"),
    "numbers are those of another": ("parts[NUMBERS] + slot * size", "parts[NUMBERS]"),
    "spares are those of another": ("columns[column, ROOM] * size", "0"),
    "bits are those of another": ("parts[VALID] + there * flags", "parts[VALID]"),
    "all rows are there": ("(rows + 7) // 8 if null else 0", "0"),
    "rows are those that came": ("block[places[ROWS]], block[places[BODY]] = rows,", "block[places[BODY]] ="),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_would_be_seen(  # noqa: PLR0917
    name: str,
    event: Event,
    avro: Avro,
    planned: Mapping[str, Schema],
    evolved: Callable[..., Schema],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The comparison above can fail."""
    monkeypatch.setattr(filled, "describe", weakened(filled, *MUTANTS[name])["describe"])
    with pytest.raises((AssertionError, OSError, pa.ArrowInvalid)):
        check_all(event, avro, planned, evolved)
