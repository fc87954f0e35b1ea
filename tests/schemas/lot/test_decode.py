import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pytest
from fastavro import parse_schema, schemaless_reader
from support.pace import times_as_fast

from schemas.contracts import LABEL, TRANSACTION, Schema
from schemas.errors import RegistryAway
from schemas.framing import confluent, single_object
from schemas.lot import SCHEMA, Checks, Decoder, Lot, Raw
from schemas.verdicts import Mark, Reason

Event = Callable[..., dict[str, Any]]
Framed = Callable[..., bytes]
Avro = Callable[..., bytes]
MakeRaw = Callable[..., Raw]
MakeDecoder = Callable[..., Decoder]


class Source(Protocol):
    known: dict[bytes, Schema]
    asked: list[bytes]
    away: Exception | None

    def writer(self, key: bytes) -> Schema: ...


HEADER = single_object(TRANSACTION.fingerprint)
BAD: list[tuple[bytes | None, Reason]] = [
    (None, Reason.EMPTY),
    (b"", Reason.EMPTY),
    (b"\x01\x02\x03", Reason.UNKNOWN_FRAMING),
    (b"\xc3\x02" + bytes(20), Reason.UNKNOWN_FRAMING),
    (b" {}", Reason.UNKNOWN_FRAMING),
    (b"\x00\x00\x00", Reason.TRUNCATED),
    (b"\xc3\x01\x00", Reason.TRUNCATED),
    (HEADER, Reason.TRUNCATED),
    (HEADER + b"\x0aabc", Reason.TRUNCATED),
    (HEADER + b"\x01", Reason.INVALID_ENCODING),
    (HEADER + b"\x02\xff", Reason.INVALID_UTF8),
    (single_object(b"nonesuch"), Reason.UNKNOWN_SCHEMA),
    (confluent(999) + b"x", Reason.UNKNOWN_SCHEMA),
    (b"{", Reason.INVALID_JSON),
    (b'{"a": "\xff"}', Reason.INVALID_UTF8),
    (b"{}", Reason.MISSING_FIELD),
]
CHANGES: list[tuple[dict[str, Any], Reason]] = [
    ({"card_id": ""}, Reason.EMPTY_FIELD),
    ({"memo": "m" * 513}, Reason.TOO_LONG),
    ({"amount_minor": -1}, Reason.AMOUNT_OUT_OF_RANGE),
    ({"event_time": 0}, Reason.TIME_OUT_OF_RANGE),
    ({"currency": "eur"}, Reason.CURRENCY_INVALID),
    ({"latitude": float("nan")}, Reason.FIELD_OUT_OF_RANGE),
]


def same(lot: Lot, other: Lot) -> bool:
    rows = lot.rows.equals(other.rows, check_metadata=True)
    return rows and list(lot.index) == list(other.index) and lot.refusals == other.refusals


def test_a_row_and_its_coordinates(event: Event, framed: Framed, raw: MakeRaw, decoder: MakeDecoder) -> None:
    """What was written is what is read, beside where it came from."""
    lot = decoder().decode(raw([framed()], partition=3, start=41))
    assert lot.rows.schema == SCHEMA
    row = lot.rows.to_pylist()[0]
    row["event_time"] = round(row["event_time"].timestamp() * 1000)
    assert row == event() | {"partition": 3, "offset": 41, "timestamp": 1_000_041, "marks": 0}
    assert (list(lot.index), lot.refusals) == ([0], ())


@pytest.mark.parametrize("size", [0, 1, 7, 1000])
def test_lots_of_every_size(size: int, framed: Framed, raw: MakeRaw, decoder: MakeDecoder) -> None:
    """All rows, in order, whole."""
    lot = decoder().decode(raw([framed(event_id=f"evt-{place}", amount_minor=place) for place in range(size)]))
    lot.rows.validate(full=True)
    assert lot.rows.schema == SCHEMA
    assert lot.rows.column("event_id").to_pylist() == [f"evt-{place}" for place in range(size)]
    assert lot.rows.column("amount_minor").to_pylist() == list(lot.index) == list(range(size))


def test_every_bad_kind_between_good_ones(framed: Framed, raw: MakeRaw, decoder: MakeDecoder, event: Event) -> None:
    """Each is refused by its reason at its place; the good rows are those of a lot without the bad ones."""
    bad: list[tuple[bytes | None, Reason]] = [*BAD, (framed() + b"\x00", Reason.TRAILING_BYTES)]
    bad += [(framed(**change), reason) for change, reason in CHANGES]
    bad += [(json.dumps(event(amount_minor="9")).encode(), Reason.WRONG_TYPE)]
    values: list[bytes | None] = [framed(event_id="first")]
    for place, (value, _) in enumerate(bad):
        values += [value, framed(event_id=f"after-{place}")]
    lot = decoder().decode(raw(values))
    assert [(each.row, each.reason) for each in lot.refusals] == [
        (1 + 2 * place, reason) for place, (_, reason) in enumerate(bad)
    ]
    assert list(lot.index) == list(range(0, len(values), 2))
    without = decoder().decode(raw(values[::2]))
    assert columns(lot).equals(columns(without))


def columns(lot: Lot) -> pa.RecordBatch:
    return lot.rows.drop_columns(["offset", "timestamp"])


def test_nothing_but_bad_ones(raw: MakeRaw, decoder: MakeDecoder) -> None:
    """An empty batch of the right schema, and a reason for every message."""
    lot = decoder().decode(raw([value for value, _ in BAD]))
    assert (lot.rows.num_rows, lot.rows.schema) == (0, SCHEMA)
    assert [each.reason for each in lot.refusals] == [reason for _, reason in BAD]


def test_details_say_where_and_never_what(framed: Framed, raw: MakeRaw, decoder: MakeDecoder) -> None:
    """A refusal explains itself in 256 bytes at most, without a piece of the payload."""
    secret = framed(memo="secret" * 100)
    lot = decoder().decode(raw([secret, secret[:-1], secret + b"\x00", b'{"amount_minor": "secret"}', b"secret"]))
    assert [each.detail for each in lot.refusals] == [
        "memo is longer than 512 bytes",
        "memo at byte 76: wants 600 bytes, 599 are left",
        "the record ends at byte 676 of 677",
        "event_id: Field required",
        "first byte is 0x73",
    ]


def test_a_long_detail_is_cut(raw: MakeRaw, schemas: Source) -> None:
    """Also where it is the text of somebody else's schema."""
    writer = TRANSACTION.schema | {"name": "Ü" * 300}
    schemas.known[b"stranger"] = writer
    lot = Decoder(schemas, Checks()).decode(raw([single_object(b"stranger")]))
    assert lot.refusals[0].reason == Reason.TRUNCATED
    payload = single_object(b"stranger") + bytes([2, 65, 2, 2, 65, 2, 65, 2, 65, 2, 2, 65, 0, 0, 0, 0, 0, 0, 0])
    refusal = Decoder(schemas, Checks()).decode(raw([payload])).refusals[0]
    assert refusal.reason == Reason.INVALID_ENCODING
    assert 200 < len(refusal.detail.encode()) <= 256


def test_all_framings_in_one_lot(event: Event, avro: Avro, framed: Framed, raw: MakeRaw, schemas: Source) -> None:
    """Avro by fingerprint and by id and JSON stand mixed, and come out in input order."""
    schemas.known[bytes([0, 0, 0, 5])] = TRANSACTION.schema
    made: list[Callable[[int], bytes]] = [
        lambda place: framed(amount_minor=place),
        lambda place: confluent(5) + avro(event(amount_minor=place)),
        lambda place: json.dumps(event(amount_minor=place)).encode(),
    ]
    values = [made[place * 7 % 3](place) for place in range(60)]
    mixed = Decoder(schemas, Checks()).decode(raw(values))
    plain = Decoder(schemas, Checks()).decode(raw([framed(amount_minor=place) for place in range(60)]))
    assert same(mixed, plain)


def test_writers_of_many_versions_in_one_lot(  # noqa: PLR0917 - fixtures
    event: Event,
    avro: Avro,
    raw: MakeRaw,
    schemas: Source,
    planned: Mapping[str, Schema],
    fallen_back: Mapping[str, Schema],
) -> None:
    """Kernel and fastavro side by side: every row is its event, whoever wrote it."""
    more = {"tags": [1], "extra": {}, "digest": b"abcd", "place": {"tags": [], "n": 1}, "odd": 1, "second": "CASH"}
    more |= {"node": {"next": None}, "a": b"", "b": True, "d": 1.0, "f": "X", "i": 1, "k": 1}
    writers = [planned["reordered"], planned["null last"], planned["more fields"], *fallen_back.values()]
    values = []
    for place, writer in enumerate(writers):
        schemas.known[place.to_bytes(4, "big")] = writer
        time = 1_700_000_000_123 * (1000 if writer is fallen_back["other logical types"] else 1)
        values.append(confluent(place) + avro(event(event_time=time, amount_minor=place) | more, writer))
    lot = Decoder(schemas, Checks()).decode(raw(values))
    assert lot.refusals == ()
    assert lot.rows.column("amount_minor").to_pylist() == list(range(len(writers)))
    assert set(lot.rows.column("event_time").cast(pa.int64()).to_pylist()) == {1_700_000_000_123}
    assert set(lot.rows.column("memo").to_pylist()) == {"Käse"}


def test_a_schema_is_asked_for_once(framed: Framed, raw: MakeRaw, schemas: Source) -> None:
    """Per distinct key, not per row and not per lot; one that is not known is asked for again with the next lot."""
    decoder = Decoder(schemas, Checks())
    for _ in range(3):
        decoder.decode(raw([framed(), framed(), single_object(b"nonesuch")]))
    assert schemas.asked.count(TRANSACTION.fingerprint) == 1
    assert schemas.asked.count(b"nonesuch") == 3
    schemas.known[b"nonesuch"] = TRANSACTION.schema
    assert decoder.decode(raw([single_object(b"nonesuch") + framed()[10:]])).rows.num_rows == 1


def test_a_registry_that_is_away_stops_the_whole_lot(framed: Framed, raw: MakeRaw, schemas: Source) -> None:
    """Nothing is refused meanwhile, and the same lot can be decoded when it is back."""
    decoder = Decoder(schemas, Checks())
    lot = raw([framed(), confluent(7) + framed()[10:]])
    schemas.away = RegistryAway("not now")
    with pytest.raises(RegistryAway) as away:
        decoder.decode(lot)
    assert away.value.partitions == {2}
    schemas.away = None
    schemas.known[bytes([0, 0, 0, 7])] = TRANSACTION.schema
    assert decoder.decode(lot).rows.num_rows == 2


def test_partitions_that_wait_for_a_registry_are_named(framed: Framed, raw: MakeRaw, schemas: Source) -> None:
    """Those of every record whose schema is not known, and no others."""
    lot = raw([framed(), confluent(7) + b"x", b"{}", confluent(8) + b"x", confluent(7) + b"y"])
    lot = replace(lot, partition=np.array([0, 1, 2, 3, 4], np.int32))
    decoder = Decoder(schemas, Checks())
    decoder.decode(raw([framed()]))
    schemas.away = RegistryAway("not now")
    with pytest.raises(RegistryAway, match="not now") as away:
        decoder.decode(lot)
    assert away.value.partitions == {1, 3, 4}


def test_json_needs_no_registry(event: Event, raw: MakeRaw, schemas: Source) -> None:
    """It is not even asked."""
    schemas.away = RegistryAway("not now")
    assert Decoder(schemas, Checks()).decode(raw([json.dumps(event()).encode()])).rows.num_rows == 1


def test_a_schema_that_cannot_be_worked_with_refuses_its_records(framed: Framed, raw: MakeRaw, schemas: Source) -> None:
    """And leaves the others alone."""
    schemas.known[b"nonesuch"] = {"type": "record", "name": "R", "fields": [{"name": "f", "type": "unheard of"}]}
    lot = Decoder(schemas, Checks()).decode(raw([framed(), single_object(b"nonesuch") + b"x", framed()]))
    assert [(each.row, each.reason) for each in lot.refusals] == [(1, Reason.UNKNOWN_SCHEMA)]
    assert lot.rows.num_rows == 2


def test_a_schema_that_does_not_resolve_refuses_its_records(
    avro: Avro, framed: Framed, raw: MakeRaw, schemas: Source
) -> None:
    """A label among transactions is no transaction."""
    schemas.known[LABEL.fingerprint] = LABEL.schema
    label = {"event_id": "e", "card_id": "c", "terminal_id": "t", "amount_minor": 1, "currency": "EUR"}
    label |= {"event_time": 1, "is_fraud": True, "source": "s"}
    value = single_object(LABEL.fingerprint) + avro(label, LABEL.schema)
    lot = Decoder(schemas, Checks()).decode(raw([value, framed()]))
    assert [(each.row, each.reason) for each in lot.refusals] == [(0, Reason.INVALID_ENCODING)]


def test_labels_are_decoded_by_their_contract(avro: Avro, raw: MakeRaw, schemas: Source) -> None:
    """Another flat contract gives another table, from the same decoder."""
    schemas.known[LABEL.fingerprint] = LABEL.schema
    label = {"event_id": "e", "card_id": "card-7", "terminal_id": "t", "amount_minor": 1, "currency": "EUR"}
    label |= {"event_time": 1_700_000_000_000, "is_fraud": True, "source": "customer"}
    values = [
        single_object(LABEL.fingerprint) + avro(label, LABEL.schema),
        json.dumps(label | {"is_fraud": False}).encode(),
    ]
    lot = Decoder(schemas, Checks(), LABEL).decode(raw(values))
    assert lot.rows.column("is_fraud").to_pylist() == [True, False]
    assert lot.rows.column("marks").to_pylist() == [0, 0]


def test_keys_stay_with_their_rows(framed: Framed, raw: MakeRaw, decoder: MakeDecoder) -> None:
    """Also behind refused rows: marks are of the row whose key is wrong."""
    values = [b"bad", framed(), b"", framed(), framed()]
    keys = [b"card-7", None, b"x", b"card-7", b"other"]
    lot = decoder().decode(raw(values, keys))
    assert lot.rows.column("marks").to_pylist() == [Mark.KEY_MISSING, 0, Mark.KEY_MISMATCH]
    assert lot.rows.column("offset").to_pylist() == [101, 103, 104]


def test_coordinates_differ_row_by_row(framed: Framed, decoder: MakeDecoder) -> None:
    """A lot may be of several partitions."""
    numbers = np.array([7, 3, 9])
    raw = Raw(np.array([2, 0, 1], np.int32), numbers, numbers * 10, [b"card-7"] * 3, [framed(), b"", framed()])
    rows = decoder().decode(raw).rows
    assert [rows.column(each).to_pylist() for each in ("partition", "offset", "timestamp")] == [
        [2, 1],
        [7, 9],
        [70, 90],
    ]


def test_thousands_of_unknown_schemas(raw: MakeRaw, framed: Framed, decoder: MakeDecoder) -> None:
    """Noise behind a right first byte is refused row by row without a row's neighbour noticing."""
    values = [confluent(place) if place % 2 else framed() for place in range(4000)]
    lot = decoder().decode(raw(values))
    assert lot.rows.num_rows == len(lot.refusals) == 2000


def test_columns_are_much_faster_than_a_dictionary_for_each_record(
    framed: Framed, raw: MakeRaw, decoder: MakeDecoder
) -> None:
    """Framing and checks included, where fastavro only reads; a fifteenth of the time is usual."""
    values = [framed(event_id=f"evt-{number}") for number in range(1_000)]
    lot, columns, schema = raw(values), decoder(), parse_schema(TRANSACTION.schema)

    def by_records() -> None:
        for each in values:
            schemaless_reader(BytesIO(each[len(HEADER) :]), schema, None)

    assert times_as_fast(lambda: columns.decode(lot), by_records) > 5
