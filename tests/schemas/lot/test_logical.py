from typing import Any

import pytest

from schemas.lot.logical import same_on_the_wire, without_plain
from schemas.lot.table import AvroType

TIME = {"type": "long", "logicalType": "timestamp-millis"}
MICROS = {"type": "long", "logicalType": "timestamp-micros"}


@pytest.mark.parametrize(
    ("kind", "same"),
    [("long", True), (TIME, True), ({"type": "string", "logicalType": "uuid"}, True), (MICROS, False)],
)
def test_what_is_read_as_it_stands(kind: AvroType, same: bool) -> None:
    """Milliseconds and uuids are; other units are not."""
    assert same_on_the_wire(kind) is same


def test_plain_types_lose_their_name_at_any_depth() -> None:
    """In unions, arrays, maps and nested records; others keep it, and the schema given is left as it was."""

    def schema(kind: AvroType) -> dict[str, Any]:
        inner = {"type": "record", "name": "I", "fields": [{"name": "x", "type": ["null", kind]}]}
        kinds = [kind, {"type": "array", "items": kind}, {"type": "map", "values": [kind, "null"]}, inner, MICROS]
        fields = [{"name": f"f{place}", "type": each, "default": TIME} for place, each in enumerate(kinds)]
        return {"type": "record", "name": "R", "fields": fields}

    given = schema(TIME)
    assert without_plain(given) == schema({"type": "long"})
    assert given == schema(TIME)


def test_a_librarys_own_notes_are_dropped() -> None:
    """So that a parsed schema is parsed again."""
    assert without_plain({"type": "record", "__fastavro_parsed__": True, "fields": []}) == {
        "type": "record",
        "fields": [],
    }
