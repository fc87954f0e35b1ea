import copy
from collections.abc import Callable, Mapping

import pytest

from schemas.contracts import LABEL, TRANSACTION, Schema
from schemas.errors import DeadLetter
from schemas.lot.reference import Reference
from schemas.verdicts import Reason

Evolved = Callable[..., Schema]
Avro = Callable[..., bytes]
Event = Callable[..., dict[str, object]]


def refused(writer: Schema, payload: bytes) -> DeadLetter:
    with pytest.raises(DeadLetter) as found:
        Reference(writer, TRANSACTION.schema).read(payload)
    return found.value


def test_reads_a_record_as_it_was_written(event: Event, avro: Avro) -> None:
    """Times are milliseconds, enums their symbols, everything else as given."""
    assert Reference(TRANSACTION.schema, TRANSACTION.schema).read(avro(event())) == event()


def test_a_time_beyond_the_calendar_is_still_a_number(event: Event, avro: Avro) -> None:
    """The range check, not the decoder, says what is wrong with it."""
    far = event(event_time=2**62)
    assert Reference(TRANSACTION.schema, TRANSACTION.schema).read(avro(far)) == far


def test_a_uuid_keeps_its_own_spelling(event: Event, avro: Avro, evolved: Evolved) -> None:
    """A writer's uuid is a string to us, upper case and all."""
    writer = evolved(event_id={"type": "string", "logicalType": "uuid"})
    spelled = event(event_id="0F8FAD5B-D9CB-469F-A165-70867728950E")
    assert Reference(writer, TRANSACTION.schema).read(avro(spelled)) == spelled


def test_microseconds_become_milliseconds(event: Event, avro: Avro, evolved: Evolved) -> None:
    """Another unit of time is converted, downwards."""
    writer = evolved(event_time={"type": "long", "logicalType": "timestamp-micros"})
    read = Reference(writer, TRANSACTION.schema).read(avro(event(event_time=1_700_000_000_123_999)))
    assert read["event_time"] == 1_700_000_000_123


@pytest.mark.parametrize(
    "type_",
    [
        {"type": "int", "logicalType": "date"},
        {"type": "long", "logicalType": "local-timestamp-millis"},
        {"type": "long", "logicalType": "time-micros"},
    ],
)
def test_what_is_no_instant_is_no_event_time(event: Event, avro: Avro, evolved: Evolved, type_: object) -> None:
    """Days and local times are refused rather than guessed at."""
    letter = refused(evolved(event_time=type_), avro(event(event_time=20_000), evolved(event_time="long")))
    assert (letter.reason, letter.detail[:11]) == (Reason.INVALID_ENCODING, "event_time:")


def test_another_record_does_not_resolve(avro: Avro) -> None:
    """A label is no transaction, and the detail says what was expected."""
    label = {
        "event_id": "e",
        "card_id": "c",
        "terminal_id": "t",
        "amount_minor": 1,
        "currency": "EUR",
        "event_time": 1,
        "is_fraud": True,
        "source": "customer",
    }
    letter = refused(LABEL.schema, avro(label, LABEL.schema))
    assert letter.reason == Reason.INVALID_ENCODING
    assert letter.detail.startswith("does not resolve to fraudstream.Transaction")


def test_a_null_that_has_no_place_is_refused(event: Event, avro: Avro, evolved: Evolved) -> None:
    """An optional field read as required is good until it is null."""
    writer = evolved(card_id=["null", "string"])
    assert Reference(writer, TRANSACTION.schema).read(avro(event(), writer)) == event()
    assert refused(writer, avro(event(card_id=None), writer)).reason == Reason.INVALID_ENCODING


def test_bytes_read_as_string_must_be_text(event: Event, avro: Avro, evolved: Evolved) -> None:
    """Bytes promote to string where they are UTF-8."""
    writer = evolved(memo="bytes")
    assert refused(writer, avro(event(memo=b"\xff"), writer)).reason == Reason.INVALID_UTF8


def test_a_symbol_without_place_or_default_is_refused(event: Event, avro: Avro, planned: Mapping[str, Schema]) -> None:
    """Where the reader's enum has no default, a symbol it lacks cannot be read."""
    reader = copy.deepcopy(TRANSACTION.schema)
    del next(each for each in reader["fields"] if each["name"] == "channel")["type"][1]["default"]
    writer = planned["later symbols"]
    with pytest.raises(DeadLetter) as found:
        Reference(writer, reader).read(avro(event(channel="CRYPTO"), writer))
    assert found.value.reason == Reason.INVALID_ENCODING


def test_every_fallen_back_writer_is_read(event: Event, avro: Avro, fallen_back: Mapping[str, Schema]) -> None:
    """Whatever shape a writer's schema has beside our fields, our fields are read."""
    more = {
        "tags": [1, None, 3],
        "extra": {"k": 1.5},
        "digest": b"abcd",
        "place": {"tags": ["x"], "n": 4},
        "odd": "text",
        "second": "CASH",
        "node": {"next": {"next": None}},
    }
    for name, writer in fallen_back.items():
        given = event(event_time=1_700_000_000_123_000) if name == "other logical types" else event()
        assert Reference(writer, TRANSACTION.schema).read(avro(given | more, writer)) == event(), name
