import datetime as dt
import json
import types
from collections.abc import Callable
from typing import Any

import pytest

from schemas.contracts import LABEL, TRANSACTION
from schemas.errors import DeadLetter
from schemas.lot.events import Events
from schemas.verdicts import Reason

Event = Callable[..., dict[str, Any]]
EVENTS = Events(TRANSACTION.schema)


def refused(value: bytes) -> tuple[str, str]:
    with pytest.raises(DeadLetter) as found:
        EVENTS.from_json(value)
    return found.value.reason, found.value.detail


def test_json_reads_as_it_says(event: Event) -> None:
    """Every field under its name, unknown ones ignored as dropped fields are."""
    assert EVENTS.from_json(json.dumps(event(later_field={"a": [1]})).encode()) == event()


def test_optional_fields_may_be_absent_or_null(event: Event) -> None:
    """Both read as null."""
    required = dict(list(event().items())[:7])
    nulls = dict.fromkeys(list(event())[7:])
    assert EVENTS.from_json(json.dumps(required).encode()) == required | nulls
    assert EVENTS.from_json(json.dumps(required | nulls).encode()) == required | nulls


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"amount_minor": "12"}, "amount_minor: Input should be a valid integer"),
        ({"amount_minor": 12.0}, "amount_minor: Input should be a valid integer"),
        ({"amount_minor": True}, "amount_minor: Input should be a valid integer"),
        ({"merchant_category": "5411"}, "merchant_category: Input should be a valid integer"),
        ({"latitude": "1.5"}, "latitude: Input should be a valid number"),
        ({"latitude": False}, "latitude: Input should be a valid number"),
        ({"card_id": 7}, "card_id: Input should be a valid string"),
        ({"memo": ["a"]}, "memo: Input should be a valid string"),
        ({"channel": 3}, "channel: Input should be a valid string"),
        ({"event_time": 1.7e12}, "event_time: Input should be a valid integer"),
    ],
)
def test_nothing_is_converted_silently(event: Event, changes: dict[str, object], detail: str) -> None:
    """A value of another type is refused, however much it looks like the right one."""
    assert refused(json.dumps(event(**changes)).encode()) == (Reason.WRONG_TYPE, detail)


@pytest.mark.parametrize("content", [b"7", b"[]", b"null", b'"hunter2"'])
def test_what_is_no_object_is_refused_in_words_for_everybody(content: bytes) -> None:
    """Whoever sent it knows nothing of classes."""
    assert refused(content) == (Reason.WRONG_TYPE, "the event: Input should be an object")


@pytest.mark.parametrize("value", ["yesterday", "2024-01-31", "2024-01-31T12:00:00", "1700000000000", ""])
def test_a_time_without_offset_is_refused(event: Event, value: str) -> None:
    """What is no instant is not guessed at."""
    reason, detail = refused(json.dumps(event(event_time=value)).encode())
    assert (reason, detail[:28]) == (Reason.WRONG_TYPE, "event_time: a time as text i")


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("2023-11-14T22:13:20Z", 1_700_000_000_000),
        ("2023-11-14T22:13:20.123+00:00", 1_700_000_000_123),
        ("2023-11-14T23:13:20.123999+01:00", 1_700_000_000_123),
        ("1969-12-31T23:59:59.9995Z", -1),
    ],
)
def test_a_time_may_be_iso_8601_with_an_offset(event: Event, text: str, milliseconds: int) -> None:
    """Cut to the millisecond, downwards."""
    assert EVENTS.from_json(json.dumps(event(event_time=text)).encode())["event_time"] == milliseconds


def test_a_whole_number_will_do_for_a_double(event: Event) -> None:
    """JSON does not tell 52 from 52.0."""
    read = EVENTS.from_json(json.dumps(event(latitude=52)).encode())["latitude"]
    assert (type(read), read) == (float, 52.0)


def test_a_missing_field_is_named(event: Event) -> None:
    """Absent and null are both missing where a value is required; the first in contract order is named."""
    assert refused(b'{"amount_minor": 1}') == (Reason.MISSING_FIELD, "event_id: Field required")
    assert refused(json.dumps(event(card_id=None)).encode()) == (Reason.MISSING_FIELD, "card_id is null")


def test_an_unknown_symbol_reads_as_the_default(event: Event) -> None:
    """As it does in Avro."""
    assert EVENTS.from_json(json.dumps(event(channel="WALLET")).encode())["channel"] == "UNKNOWN"


def test_the_last_of_a_repeated_key_counts(event: Event) -> None:
    """Which is what most JSON readers do."""
    twice = json.dumps(event()).replace('"currency": "EUR"', '"currency": 7, "currency": "USD"')
    assert EVENTS.from_json(twice.encode())["currency"] == "USD"


@pytest.mark.parametrize(
    ("value", "clipped"),
    [(10**30, 2**63 - 1), (-(10**30), -(2**63)), (2**63 - 1, 2**63 - 1), (-(2**63), -(2**63))],
)
def test_a_huge_integer_stays_out_of_range(event: Event, value: int, clipped: int) -> None:
    """It is held at the column's end, where the range check refuses it by its own name."""
    assert EVENTS.from_json(json.dumps(event(amount_minor=value)).encode())["amount_minor"] == clipped


@pytest.mark.parametrize(
    "value",
    [
        b"{",
        b"{}}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": "\\ud800"}',
        b'{"a": 01}',
        b"{" * 5000,
        b'{"a": ' + b"[" * 5000,
    ],
)
def test_what_is_not_json_is_refused(value: bytes) -> None:
    """Python's liberties (NaN, Infinity) are not JSON; depth does not hurt."""
    assert refused(value)[0] == Reason.INVALID_JSON


def test_text_that_is_not_utf8_is_refused(event: Event) -> None:
    """By its own reason, wherever it stands, and with the place."""
    assert refused(b'{"a": "\xff"}') == (Reason.INVALID_UTF8, "byte 7: invalid start byte")
    assert refused(b'{"\xed\xa0\x80": 1}')[0] == Reason.INVALID_UTF8


def test_a_number_beyond_a_double_is_out_of_range(event: Event) -> None:
    """1e400 is JSON, but no latitude."""
    text = json.dumps(event(latitude=0.125)).replace("0.125", "1e400").encode()
    assert refused(text)[0] == Reason.FIELD_OUT_OF_RANGE


def test_a_detail_never_quotes_the_event(event: Event) -> None:
    """Neither values nor unknown names."""
    for changes in (
        {"amount_minor": "secret"},
        {"event_time": "secret"},
        {"card_id": ["secret"]},
        {"latitude": "secret"},
    ):
        assert "secret" not in refused(json.dumps(event(**changes)).encode())[1]


def test_mappings_of_python_values(event: Event) -> None:
    """Any mapping will do, and a datetime that knows its offset."""
    when = dt.datetime(2023, 11, 14, 23, 13, 20, 123999, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    assert EVENTS.from_mapping(types.MappingProxyType(event(event_time=when))) == event(event_time=1_700_000_000_123)


@pytest.mark.parametrize("row", [None, 7, "text", [1, 2], [("event_id", "e")]])
def test_what_is_no_mapping_is_a_wrong_type(row: object) -> None:
    """And does not raise anything else."""
    with pytest.raises(DeadLetter) as found:
        EVENTS.from_mapping(row)
    assert found.value.reason == Reason.WRONG_TYPE


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"event_time": dt.datetime(2024, 1, 1)}, Reason.WRONG_TYPE),  # noqa: DTZ001 - the case in question
        ({"latitude": float("nan")}, Reason.FIELD_OUT_OF_RANGE),
        ({"memo": "\ud800"}, Reason.INVALID_UTF8),
        ({"memo": b"bytes"}, Reason.WRONG_TYPE),
    ],
)
def test_python_values_that_are_no_json(event: Event, changes: dict[str, object], reason: Reason) -> None:
    """What only a Python caller can hand in is refused by the same reasons."""
    with pytest.raises(DeadLetter) as found:
        EVENTS.from_mapping(event(**changes))
    assert found.value.reason == reason


def test_every_flat_contract_has_a_model() -> None:
    """A label's verdict is a boolean and nothing else."""
    labels = Events(LABEL.schema)
    label = {"event_id": "e", "card_id": "c", "terminal_id": "t", "amount_minor": 5, "currency": "EUR"}
    whole = label | {"event_time": 0, "is_fraud": True, "source": "customer"}
    assert labels.from_mapping(whole) == whole
    with pytest.raises(DeadLetter):
        labels.from_mapping(whole | {"is_fraud": 1})
