import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from schemas.contracts import LABEL, TRANSACTION, Schema
from schemas.lot.columns import Columns
from schemas.lot.kernel import REASONS
from schemas.lot.plan import compile_plan
from schemas.lot.table import AvroType
from schemas.verdicts import Reason

Rows = list[dict[str, Any]]
GOLDEN = bytes.fromhex(
    "0a 6576743231"  # event_id, length first, doubled as every number is
    "f6a1abfef962"  # event_time
    "0e 636172642d3432"
    "06 632d39"
    "06 742d31"
    "9e1f"  # amount_minor
    "06 455552"
    "02 c654"  # the second branch of the union, then merchant_category
    "02 04 4445"
    "02 08"  # the fifth symbol
    "02 08 64657631"
    "02 0000000000404a40"
    "02 0000000000802ac0"
    "02 0a c3a96ec3a0"
)


def record(*kinds: AvroType) -> Schema:
    """A reader and writer of fields f0, f1, …"""
    fields = [{"name": f"f{place}", "type": kind} for place, kind in enumerate(kinds)]
    return {"type": "record", "name": "R", "fields": fields}


def decoded(
    schema: Schema, payloads: Sequence[bytes], writer: Schema | None = None
) -> tuple[Rows, list[Reason | None]]:
    plan = compile_plan(writer or schema, schema)
    assert plan is not None
    ends = np.cumsum([len(each) for each in payloads], dtype=np.int64)
    starts = ends - np.array([len(each) for each in payloads], np.int64)
    rows, verdicts = Columns(schema).from_payloads(plan, np.frombuffer(b"".join(payloads), np.uint8), starts, ends)
    rows.validate(full=True)
    return rows.to_pylist(), [REASONS[verdict] for verdict in verdicts]


def test_golden_bytes() -> None:
    """A record spelled out byte by byte reads as what it says, without any writer involved."""
    rows, verdicts = decoded(TRANSACTION.schema, [GOLDEN])
    assert verdicts == [None]
    read = rows[0]
    assert read.pop("event_time").timestamp() == 1_700_000_000.123
    assert read == {
        "event_id": "evt21",
        "card_id": "card-42",
        "customer_id": "c-9",
        "terminal_id": "t-1",
        "amount_minor": 1999,
        "currency": "EUR",
        "merchant_category": 5411,
        "country": "DE",
        "channel": "ONLINE",
        "device_id": "dev1",
        "latitude": 52.5,
        "longitude": -13.25,
        "memo": "énà",
    }


@pytest.mark.parametrize(
    ("kind", "payload", "reason"),
    [
        ("boolean", b"", Reason.TRUNCATED),
        ("boolean", b"\x02", Reason.INVALID_ENCODING),
        ("int", b"\xff\xff\xff\xff\x0f", None),
        ("int", b"\x80\x80\x80\x80\x10", Reason.INVALID_ENCODING),
        ("int", b"\x81\x80\x80\x80\x10", Reason.INVALID_ENCODING),
        ("long", b"", Reason.TRUNCATED),
        ("long", b"\x80\x80", Reason.TRUNCATED),
        ("long", b"\x80" * 9 + b"\x00", None),
        ("long", b"\xff" * 9 + b"\x01", None),
        ("long", b"\xff" * 9 + b"\x02", Reason.INVALID_ENCODING),
        ("long", b"\xff" * 10, Reason.INVALID_ENCODING),
        ("double", bytes(7), Reason.TRUNCATED),
        ("double", bytes(9), Reason.TRAILING_BYTES),
        ("string", b"\x01", Reason.INVALID_ENCODING),
        ("string", b"\x04a", Reason.TRUNCATED),
        ("string", b"\xfe" + b"\xff" * 8 + b"\x01", Reason.TRUNCATED),
        ("string", b"\x02\xff", Reason.INVALID_UTF8),
        ("string", b"\x02\xff\x00", Reason.INVALID_UTF8),
        (["null", "long"], b"\x04", Reason.INVALID_ENCODING),
        (["null", "long"], b"\x01", Reason.INVALID_ENCODING),
        (["null", "long"], b"\x02", Reason.TRUNCATED),
        (["null", "long"], b"\x00\x00", Reason.TRAILING_BYTES),
        ({"type": "enum", "name": "E", "symbols": ["A"]}, b"\x02", Reason.INVALID_ENCODING),
        ({"type": "enum", "name": "E", "symbols": ["A"]}, b"\x01", Reason.INVALID_ENCODING),
    ],
)
def test_every_fault_has_its_reason(kind: AvroType, payload: bytes, reason: Reason | None) -> None:
    """Also as the last record of the buffer, behind a good one and before it, and the neighbours stay as they are."""
    good = {"boolean": b"\x01", "string": b"\x02a", "double": bytes(8)}.get(str(kind), b"\x00")
    rows, verdicts = decoded(record(kind), [good, payload, good, payload])
    alone, _ = decoded(record(kind), [good])
    assert verdicts == [None, reason, None, reason]
    assert [rows[0], rows[2 if reason is None else 1]] == alone * 2


def test_the_encoding_counts_before_the_resolution() -> None:
    """Bytes that are no text are only the reason where everything behind them is in order."""
    reader, writer = record("string", "long"), record("bytes", "long")
    _, verdicts = decoded(reader, [b"\x02\xff\x00", b"\x02\xff", b"\x02\xff\x00\x00"], writer)
    assert verdicts == [Reason.INVALID_UTF8, Reason.TRUNCATED, Reason.TRAILING_BYTES]


def test_a_symbol_without_place_refuses_only_its_record() -> None:
    """Without a default an unknown symbol is an invalid encoding, a known one is read."""
    reader = record({"type": "enum", "name": "E", "symbols": ["B"]})
    writer = record({"type": "enum", "name": "E", "symbols": ["A", "B"]})
    assert decoded(reader, [b"\x00", b"\x02"], writer) == ([{"f0": "B"}], [Reason.INVALID_ENCODING, None])


@pytest.mark.parametrize("dropped", [False, True])
def test_utf8_is_exactly_unicodes(dropped: bool) -> None:
    """Every lead byte, with every second byte, and the edges of the third and fourth, as Python's own decoder says."""
    edges = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF]
    texts = [bytes(each) for each in itertools.product(range(0xC0, 0x100), range(0x70, 0x100))]
    texts += [bytes([each]) for each in range(256)]
    texts += [bytes(each) for each in itertools.product(range(0xDE, 0xF6), edges, edges, [0x41, 0x80, 0xBF])]
    texts += [bytes(each) for each in itertools.product(range(0xE0, 0x100), edges, edges)]
    payloads = [bytes([2 * len(each)]) + each for each in texts]
    writer = record("string")
    reader = record() if dropped else writer
    _, verdicts = decoded(reader, payloads, writer)
    assert [verdict is None for verdict in verdicts] == [_is_text(each) for each in texts]


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("length", [*range(40), 127, 128, 1000])
def test_strings_of_every_length(length: int) -> None:
    """No length is cut or spilled into its neighbour."""
    text = ("abcdefghij" * 100)[:length]
    size = 2 * length
    payload = (bytes([size]) if size < 0x80 else bytes([size & 0x7F | 0x80, size >> 7])) + text.encode()
    rows, _ = decoded(record("string", "string"), [payload * 2, b"\x02x\x02y", payload * 2])
    assert rows == [{"f0": text, "f1": text}, {"f0": "x", "f1": "y"}, {"f0": text, "f1": text}]


def test_no_rows_and_no_fields() -> None:
    """Nothing in, nothing out; a record without fields is no bytes."""
    assert decoded(TRANSACTION.schema, []) == ([], [])
    assert decoded(record(), [b"", b"\x00"])[1] == [None, Reason.TRAILING_BYTES]


def test_a_lot_that_offsets_cannot_span_is_an_error() -> None:
    """Rather than columns that wrap around."""
    plan = compile_plan(TRANSACTION.schema, TRANSACTION.schema)
    assert plan is not None
    with pytest.raises(ValueError, match="2 GiB"):
        Columns(TRANSACTION.schema).from_payloads(plan, np.empty(0, np.uint8), np.array([0]), np.array([2**31]))


def test_one_kernel_serves_every_flat_contract(avro: Callable[..., bytes]) -> None:
    """A label is read by the same loop, its boolean as a boolean."""
    label = {
        "event_id": "e",
        "card_id": "c",
        "terminal_id": "t",
        "amount_minor": 5,
        "currency": "EUR",
        "event_time": 0,
        "is_fraud": True,
        "source": "customer",
    }
    labels = [label | {"is_fraud": place % 3 == 0} for place in range(20)]
    rows, _ = decoded(LABEL.schema, [avro(each, LABEL.schema) for each in labels])
    assert [row["is_fraud"] for row in rows] == [each["is_fraud"] for each in labels]
