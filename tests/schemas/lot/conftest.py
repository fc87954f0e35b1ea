"""What the tests of the lot share: events, their bytes, lots of them, and schemas as other writers have them."""

import copy
import io
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from fastavro import parse_schema, schemaless_writer

from schemas.contracts import TRANSACTION, Schema
from schemas.errors import DeadLetter
from schemas.framing import confluent, single_object
from schemas.lot import Checks, Decoder, Raw
from schemas.lot.logical import without_plain
from schemas.lot.table import AvroType, symbols
from schemas.verdicts import Reason

EVENT: dict[str, Any] = {
    "event_id": "evt-1",
    "event_time": 1_700_000_000_123,
    "card_id": "card-7",
    "customer_id": "cust-9",
    "terminal_id": "term-3",
    "amount_minor": 1999,
    "currency": "EUR",
    "merchant_category": 5411,
    "country": "DE",
    "channel": "CHIP",
    "device_id": "dev-1",
    "latitude": 52.5,
    "longitude": 13.25,
    "memo": "Käse",
}

Event = dict[str, Any]


@pytest.fixture
def event() -> Callable[..., Event]:
    """A whole event, with the given fields changed."""
    return lambda **changes: EVENT | changes


@pytest.fixture
def avro() -> Callable[..., bytes]:
    """A record's bytes under a schema, without framing."""
    return encoded


def encoded(record: Mapping[str, object], schema: AvroType = TRANSACTION.schema) -> bytes:
    out = io.BytesIO()
    schemaless_writer(out, schema, dict(record))
    return out.getvalue()


@pytest.fixture
def framed() -> Callable[..., bytes]:
    """A whole event as a message value: single-object Avro, with the given fields changed."""
    return lambda **changes: single_object(TRANSACTION.fingerprint) + encoded(EVENT | changes)


@pytest.fixture
def raw() -> Callable[..., Raw]:
    return messages


def messages(
    values: Sequence[bytes | None], keys: Sequence[bytes | None] | None = None, partition: int = 2, start: int = 100
) -> Raw:
    """Messages at successive offsets; unless told, every key is that of the usual event."""
    size = len(values)
    keys = [EVENT["card_id"].encode()] * size if keys is None else keys
    offsets = np.arange(start, start + size)
    return Raw(np.full(size, partition, np.int32), offsets, offsets + 1_000_000, keys, values)


class Schemas:
    """A source that knows what it is given, counts questions, and can be away."""

    def __init__(self, known: Mapping[bytes, Schema]) -> None:
        self.known = dict(known)
        self.asked: list[bytes] = []
        self.away: Exception | None = None

    def writer(self, key: bytes) -> Schema:
        self.asked.append(key)
        if self.away:
            raise self.away
        if key not in self.known:
            raise DeadLetter(Reason.UNKNOWN_SCHEMA, f"no schema {key.hex()}")
        return self.known[key]


@pytest.fixture
def schemas() -> Schemas:
    return Schemas({TRANSACTION.fingerprint: TRANSACTION.schema})


@pytest.fixture
def decoder(schemas: Schemas) -> Callable[..., Decoder]:
    return lambda **checks: Decoder(schemas, Checks(**checks))


@pytest.fixture
def evolved() -> Callable[..., Schema]:
    return changed


def changed(schema: Schema = TRANSACTION.schema, /, **fields: object) -> Schema:
    """The schema with fields given another type, or dropped where None is given, or new ones at the end."""
    found = copy.deepcopy(schema)
    left = dict(fields)
    found["fields"] = [
        each | {"type": left.pop(each["name"], each["type"])}
        for each in found["fields"]
        if fields.get(each["name"], ...) is not None
    ]
    found["fields"] += [{"name": name, "type": kind} for name, kind in left.items() if kind is not None]
    for field in found["fields"]:
        if field["name"] in fields:
            field.pop("default", None)
    return found


CHANNEL = next(each for each in TRANSACTION.schema["fields"] if each["name"] == "channel")["type"][1]
LATER_CHANNEL = CHANNEL | {"symbols": ["WALLET", *reversed(CHANNEL["symbols"]), "CRYPTO"]}
JAVA_STRING = {"type": "string", "avro.java.string": "String"}
PLANNED = {
    "as published": changed(),
    "required only": changed(
        merchant_category=None, country=None, channel=None, device_id=None, latitude=None, longitude=None, memo=None
    ),
    "reordered": changed() | {"fields": list(reversed(changed()["fields"]))},
    "null last": changed(memo=["string", "null"], merchant_category=["int", "null"], channel=[CHANNEL, "null"]),
    "never null": changed(memo="string", latitude="double", channel=CHANNEL),
    "always null": changed(memo="null", latitude="null", channel="null"),
    "promoted": changed(amount_minor="int", latitude=["null", "float"], longitude=["null", "int"], memo="bytes"),
    "promoted from long": changed(latitude="long", longitude=["long", "null"], device_id=["null", "bytes"]),
    "later symbols": changed(channel=["null", LATER_CHANNEL]),
    "java strings": changed(card_id=JAVA_STRING, memo=["null", JAVA_STRING]),
    "plain time": changed(event_time="long", event_id={"type": "string", "logicalType": "uuid"}),
    "more fields": changed(
        a="bytes",
        b="boolean",
        c=["null", "bytes"],
        d="float",
        e=["double", "null"],
        f={"type": "enum", "name": "Extra", "symbols": ["X", "Y", "Z"]},
        g="null",
        h=["null", "string"],
        i="int",
        j=["boolean", "null"],
        k={"type": "long", "logicalType": "timestamp-micros"},
    ),
}
"""Writers' schemas that the kernel reads."""

NESTED: Schema = {
    "type": "record",
    "name": "Place",
    "fields": [{"name": "tags", "type": {"type": "array", "items": "string"}}, {"name": "n", "type": "long"}],
}
FALLEN_BACK = {
    "an array": changed(tags={"type": "array", "items": ["null", "long"]}),
    "a map": changed(extra={"type": "map", "values": "double"}),
    "fixed": changed(digest={"type": "fixed", "name": "Digest", "size": 4}),
    "a record": changed(place=NESTED),
    "a wide union": changed(memo=["null", "string", "bytes"], odd=["int", "string"]),
    "null in a required field": changed(card_id=["null", "string"], amount_minor=["long", "null"]),
    "other logical types": changed(event_time={"type": "long", "logicalType": "timestamp-micros"}),
    "a named type twice": changed(channel=["null", CHANNEL], second="fraudstream.Channel"),
    "a recursive record": changed(
        node={"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"]}]}
    ),
}
"""Writers' schemas that only fastavro reads."""


@pytest.fixture
def planned() -> Mapping[str, Schema]:
    return PLANNED


@pytest.fixture
def fallen_back() -> Mapping[str, Schema]:
    return FALLEN_BACK


@pytest.fixture
def header() -> Callable[[int], bytes]:
    return confluent


LOT = 1000
ORIGINALS = 150
TEXTS = ["", "a", "card-1", "EUR", "DE", "Käse", "€uro", "😀", "x" * 70, "4111 1111 1111 1111", "é" * 300]
NUMBERS = [0, 1, -1, 63, 64, -65, 8191, 8192, 2**31 - 1, -(2**31)]
BIG_NUMBERS = [*NUMBERS, 1_700_000_000_123, 10**11, 2**31, 2**62, 2**63 - 1, -(2**63)]
DOUBLES = [0.0, -0.0, 52.5, -181.0, 1e300, 5e-324, float("inf"), float("nan")]
NUMBER_TRICKS = [
    b"\x80\x00",
    b"\x80" * 9 + b"\x00",
    b"\xff" * 9 + b"\x01",
    b"\xff" * 10,
    b"\x80" * 9 + b"\x02",
    b"\xff" * 11,
    b"\x80\x80\x80\x80\x20",
]
TEXT_TRICKS = [
    b"\xc0\x80",
    b"\xe0\x9f\xbf",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xf0\x80\x80\x80",
    b"\xe2\x82",
    b"\x80",
    b"\xf0\x9f\x98\x80",
]


def flipped(chance: random.Random, data: bytes, at: int) -> bytes:
    return data[:at] + bytes(each ^ 1 << chance.randrange(8) for each in data[at : at + 1]) + data[at + 1 :]


TRICKS: Sequence[Callable[[random.Random, bytes, bytes, int, int], bytes]] = (
    lambda chance, data, other, at, to: flipped(chance, data, at),
    lambda chance, data, other, at, to: data[:at],
    lambda chance, data, other, at, to: data[:at] + data[min(to, at + 3) :],
    lambda chance, data, other, at, to: data[:at] + chance.randbytes(chance.randint(1, 4)) + data[at:],
    lambda chance, data, other, at, to: data[:at] + other[at:],
    lambda chance, data, other, at, to: data[:at] + chance.choice(NUMBER_TRICKS) + data[at + 1 :],
    lambda chance, data, other, at, to: data[:at] + chance.choice(TEXT_TRICKS) + data[at:],
    lambda chance, data, other, at, to: data + chance.choice([b"\x00", other]),
    lambda chance, data, other, at, to: chance.randbytes(chance.randint(0, 40)),
)
"""A bit flipped, cut, a piece lost, a piece put in, spliced, a number or a text replaced, more at the end, noise."""


def value(chance: random.Random, kind: AvroType) -> object:
    if isinstance(kind, list):
        return value(chance, chance.choice(kind))
    name = kind["type"] if isinstance(kind, dict) else kind
    choices: Mapping[str, Sequence[object]] = {
        "null": [None],
        "boolean": [True, False],
        "int": NUMBERS,
        "long": BIG_NUMBERS,
        "float": [0.5, float("nan"), float("-inf")],
        "double": DOUBLES,
        "string": TEXTS,
        "bytes": [*TEXT_TRICKS, *(each.encode() for each in TEXTS)],
        "enum": symbols(kind),
    }
    return chance.choice(choices[name])


class Corpus:
    """Records of a writer, and lots of records that were tampered with, the same for the same seed."""

    def __init__(self, seed: str) -> None:
        self.chance = random.Random(seed)

    def originals(self, writer: Schema) -> list[bytes]:
        plain, fields = parse_schema(without_plain(writer)), writer["fields"]
        records = [{each["name"]: value(self.chance, each["type"]) for each in fields} for _ in range(ORIGINALS)]
        return [encoded(each, plain) for each in records]

    def lots(self, pool: Sequence[bytes], size: int) -> Iterator[list[bytes]]:
        for start in range(0, size, LOT):
            yield [self.tampered(pool) for _ in range(min(LOT, size - start))]

    def tampered(self, pool: Sequence[bytes]) -> bytes:
        """One of the pool, as it is or with one to three things done to it."""
        data = self.chance.choice(pool)
        for _ in range(self.chance.choice([0, 0, 1, 1, 1, 2, 3])):
            at, to = sorted((self.chance.randint(0, len(data)), self.chance.randint(0, len(data))))
            data = self.chance.choice(TRICKS)(self.chance, data, self.chance.choice(pool), at, to)
        return data


@pytest.fixture
def corpus() -> Callable[[str], Corpus]:
    return Corpus
