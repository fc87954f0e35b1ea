"""Two logical types are read as they stand on the wire, in the bytes' own words: timestamp-millis and uuid.

fastavro would turn them into Python objects, which loses the original (the case of a uuid) and fails on what the
range check should name. Every other logical type is left to fastavro.
"""

from typing import Any, Final

from schemas.lot.table import AvroType

PLAIN: Final = frozenset({"timestamp-millis", "uuid"})
NESTED: Final = frozenset({"type", "fields", "items", "values"})


def same_on_the_wire(avro_type: AvroType) -> bool:
    return not isinstance(avro_type, dict) or avro_type.get("logicalType") in {None, *PLAIN}


def without_plain(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema again, and nothing in it makes fastavro convert what is read as it stands."""
    kept = {name: value for name, value in schema.items() if not name.startswith("__")}
    if kept.get("logicalType") in PLAIN:
        del kept["logicalType"]
    return {name: _within(value) if name in NESTED else value for name, value in kept.items()}


def _within(part: AvroType) -> AvroType:
    if isinstance(part, list):
        return [_within(each) for each in part]
    return without_plain(part) if isinstance(part, dict) else part
