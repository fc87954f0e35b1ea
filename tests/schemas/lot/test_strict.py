from typing import Any

import pytest

from schemas.errors import DeadLetter
from schemas.lot.strict import check
from schemas.lot.table import AvroType
from schemas.verdicts import Reason

ENUM = {"type": "enum", "name": "Letter", "symbols": ["A", "B"]}
FIXED = {"type": "fixed", "name": "Four", "size": 4}
LONGS = {"type": "array", "items": "long"}
NUMBERS = {"type": "map", "values": "int"}
NODE = {"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"]}]}


def record(kind: AvroType) -> dict[str, Any]:
    return {"type": "record", "name": "R", "fields": [{"name": "f", "type": kind}]}


GOOD = [
    ("null", b""),
    ("boolean", b"\x01"),
    ("int", b"\xff\xff\xff\xff\x0f"),
    ("int", b"\x80\x80\x80\x80\x80\x00"),
    ("long", b"\xff" * 9 + b"\x01"),
    ("long", b"\x80\x00"),
    ("float", bytes(4)),
    ("double", bytes(8)),
    ("bytes", b"\x04\xff\xfe"),
    ("string", b"\x06\xe2\x82\xac"),
    (ENUM, b"\x02"),
    (FIXED, b"abcd"),
    (["null", "int"], b"\x00"),
    (["null", "int"], b"\x02\x02"),
    (LONGS, b"\x04\x02\x04\x00"),
    (LONGS, b"\x03\x04\x02\x04\x00"),
    (NUMBERS, b"\x02\x02k\x08\x00"),
    (NODE, b"\x02\x02\x00"),
    ({"type": "string", "avro.java.string": "String"}, b"\x02a"),
]
BAD = [
    ("boolean", b"", Reason.TRUNCATED),
    ("boolean", b"\x02", Reason.INVALID_ENCODING),
    ("int", b"\x80\x80\x80\x80\x10", Reason.INVALID_ENCODING),
    ("int", b"\x81\x80\x80\x80\x10", Reason.INVALID_ENCODING),
    ("long", b"\x80", Reason.TRUNCATED),
    ("long", b"\x80" * 9 + b"\x02", Reason.INVALID_ENCODING),
    ("long", b"\xff" * 10, Reason.INVALID_ENCODING),
    ("long", b"\xff" * 9, Reason.TRUNCATED),
    ("float", bytes(3), Reason.TRUNCATED),
    ("double", bytes(7), Reason.TRUNCATED),
    ("bytes", b"\x01", Reason.INVALID_ENCODING),
    ("bytes", b"\x02", Reason.TRUNCATED),
    ("bytes", b"\xfe" + b"\xff" * 8 + b"\x01", Reason.TRUNCATED),
    ("string", b"\x02\xff", Reason.INVALID_UTF8),
    ("string", b"\x06\xed\xa0\x80", Reason.INVALID_UTF8),
    (ENUM, b"\x04", Reason.INVALID_ENCODING),
    (ENUM, b"\x01", Reason.INVALID_ENCODING),
    (FIXED, b"abc", Reason.TRUNCATED),
    (["null", "int"], b"\x04", Reason.INVALID_ENCODING),
    (["null", "int"], b"\x01", Reason.INVALID_ENCODING),
    (LONGS, b"\x02\x02", Reason.TRUNCATED),
    (LONGS, b"\x80\x80\x80\x80\x80\x01", Reason.TRUNCATED),
    (LONGS, b"\x01\x04\x02\x00", Reason.INVALID_ENCODING),
    (LONGS, b"\x01\x01\x02\x00", Reason.INVALID_ENCODING),
    ({"type": "array", "items": "null"}, b"\xfe\xff\xff\xff\x0f\x00", Reason.TRUNCATED),
    (NUMBERS, b"\x02\x02\xff\x08\x00", Reason.INVALID_UTF8),
    (NODE, b"\x02" * 100 + b"\x00", Reason.INVALID_ENCODING),
    ("null", b"\x00", Reason.TRAILING_BYTES),
    ("int", b"\x02\x02", Reason.TRAILING_BYTES),
]


@pytest.mark.parametrize(("kind", "payload"), GOOD)
def test_a_strict_encoding_passes(kind: AvroType, payload: bytes) -> None:
    """Every type's correct bytes are accepted, padded numbers and sized blocks among them."""
    check(payload, record(kind), {"Node": NODE})


@pytest.mark.parametrize(("kind", "payload", "reason"), BAD)
def test_anything_else_is_refused_by_its_reason(kind: AvroType, payload: bytes, reason: Reason) -> None:
    """What fastavro would forgive, and what it would not, has one of four reasons."""
    with pytest.raises(DeadLetter) as refused:
        check(payload, record(kind), {"Node": NODE})
    assert refused.value.reason == reason


def test_the_detail_says_where() -> None:
    """A detail names the field and the byte, and quotes nothing of the payload."""
    with pytest.raises(DeadLetter) as refused:
        check(b"\x14secret", record("string"), {})
    assert refused.value.detail == "f at byte 1: wants 10 bytes, 6 are left"
