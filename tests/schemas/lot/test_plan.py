import copy
from collections.abc import Callable, Mapping
from typing import cast

import pytest
from fastavro import parse_schema

from schemas.contracts import LABEL, TRANSACTION, Schema
from schemas.lot.plan import ARGUMENT, BRANCH, ENUM, KIND, NO_SYMBOL, SKIPPED, SLOT, STRING, Plan, compile_plan

Evolved = Callable[..., Schema]


def planned_for(writer: Schema, reader: Schema = TRANSACTION.schema) -> Plan:
    plan = compile_plan(writer, reader)
    assert plan is not None
    return plan


def test_every_flat_writer_has_a_plan(planned: Mapping[str, Schema]) -> None:
    """Flat writers and the flat contracts themselves are read by the kernel."""
    assert all(compile_plan(writer, TRANSACTION.schema) for writer in planned.values())
    assert compile_plan(LABEL.schema, LABEL.schema)


def test_a_parsed_schema_has_the_same_plan(planned: Mapping[str, Schema]) -> None:
    """Full names and a library's own notes change nothing."""
    for writer in planned.values():
        plan, parsed = planned_for(writer), planned_for(cast("Schema", parse_schema(copy.deepcopy(writer))))
        assert (plan.ops.tolist(), plan.texts, plan.numbers) == (parsed.ops.tolist(), parsed.texts, parsed.numbers)


def test_everything_else_has_none(fallen_back: Mapping[str, Schema]) -> None:
    """Nested types, wide unions and types that need converting are left to fastavro."""
    assert [name for name, writer in fallen_back.items() if compile_plan(writer, TRANSACTION.schema)] == []


def test_one_line_per_thing_on_the_wire() -> None:
    """A required string is one line, an optional one is two: its branch and its value."""
    ops = planned_for(TRANSACTION.schema).ops
    assert list(ops[0]) == [STRING, 0, 0, 0]
    assert list(ops[-2:, KIND]) == [BRANCH, STRING]
    assert ops[-2, ARGUMENT] == 0
    assert len(ops) == 7 + 2 * 7


def test_a_dropped_field_fills_no_slot(evolved: Evolved) -> None:
    """What the reader does not have is skipped, and takes no column."""
    plan = planned_for(evolved(extra="string"))
    assert plan.ops[-1, SLOT] == SKIPPED
    assert "extra" not in plan.texts


def test_a_missing_field_takes_its_default(evolved: Evolved) -> None:
    """The reader's default stands for a field the writer does not have."""
    assert planned_for(evolved(memo=None)).defaults == {"memo": None}


def test_a_missing_field_without_default_has_no_plan(evolved: Evolved) -> None:
    """A writer without a required field cannot be read at all, which is fastavro's to say."""
    assert compile_plan(evolved(card_id=None), TRANSACTION.schema) is None


def test_fields_are_found_by_alias(evolved: Evolved) -> None:
    """A reader's field is filled from what its alias names, once."""
    reader = copy.deepcopy(TRANSACTION.schema)
    reader["fields"][2]["aliases"] = ["pan_token"]
    writer = evolved(card_id=None, pan_token="string")
    assert "card_id" in planned_for(writer, reader).texts
    assert compile_plan(evolved(pan_token="string"), reader) is None


def test_records_are_found_by_alias(evolved: Evolved) -> None:
    """A record of another name is read only where the reader calls it an alias; namespaces do not count."""
    writer = evolved() | {"name": "Payment"}
    assert compile_plan(writer, TRANSACTION.schema) is None
    assert compile_plan(writer, TRANSACTION.schema | {"aliases": ["Payment"]})
    assert compile_plan(evolved() | {"namespace": "elsewhere"}, TRANSACTION.schema)


def test_symbols_are_translated(planned: Mapping[str, Schema]) -> None:
    """Symbols in another order find their place, unknown ones the reader's default."""
    plan = planned_for(planned["later symbols"])
    line = next(line for line in plan.ops if line[KIND] == ENUM)
    assert list(plan.translation[line[ARGUMENT] :][:9]) == [0, 6, 5, 4, 3, 2, 1, 0, 0]


def test_an_unknown_symbol_without_default_has_no_place(planned: Mapping[str, Schema]) -> None:
    """Such a symbol is found out record by record, since the others can be read."""
    reader = copy.deepcopy(TRANSACTION.schema)
    channel = next(each for each in reader["fields"] if each["name"] == "channel")
    del channel["type"][1]["default"]
    assert NO_SYMBOL in planned_for(planned["later symbols"], reader).translation


@pytest.mark.parametrize(
    ("field", "type_"),
    [
        ("amount_minor", "double"),
        ("amount_minor", "string"),
        ("merchant_category", "long"),
        ("latitude", "boolean"),
        ("card_id", "int"),
        ("card_id", {"type": "bytes", "logicalType": "decimal", "precision": 4}),
        ("channel", "string"),
        ("channel", {"type": "enum", "name": "Other", "symbols": ["CHIP"]}),
    ],
)
def test_types_that_do_not_promote_have_no_plan(evolved: Evolved, field: str, type_: object) -> None:
    """Only Avro's promotions are taken; everything else is fastavro's to refuse."""
    assert compile_plan(evolved(**{field: type_}), TRANSACTION.schema) is None
