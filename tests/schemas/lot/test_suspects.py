"""Whoever is not a suspect has nothing that the checks would refuse or mark."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from support.mutant import weakened

from schemas.contracts import LABEL, TRANSACTION, Schema
from schemas.framing import confluent
from schemas.lot import Checks, Decoder, Lot, Raw, suspects
from schemas.lot.limits import CAPITALS, RANGES
from schemas.lot.plan import compile_plan
from schemas.lot.suspects import Watch
from schemas.partitioner import partition
from schemas.verdicts import Mark, Reason

Avro = Callable[..., bytes]
Event = Callable[..., dict[str, Any]]
LOTS = 300
RARELY = 0.03
ALL_CHECKS = [
    Checks(partitions=5),
    Checks(partitions=7, partitioner="crc32", strict_keys=True, reject_pans=True),
    Checks(strict_keys=True),
]
ODD: dict[str, list[Any]] = {
    "event_id": ["", "e" * 128, "e" * 129],
    "event_time": [946_684_799_999, 946_684_800_000, 4_102_444_799_999, 4_102_444_800_000, -(2**63)],
    "card_id": ["", "c" * 64, "c" * 65, "é" * 32, "4111111111111111", "4111111111111112", "4999999999997", "x" * 20],
    "customer_id": ["", "c" * 64, "c" * 65],
    "terminal_id": ["", "t" * 64, "t" * 65],
    "amount_minor": [0, -1, 100_000_000_000, 100_000_000_001, 2**63 - 1],
    "currency": ["", "EU", "EURO", "eur", "ÄU", "E[R", "E@R", "ZZZ", "AAA"],
    "merchant_category": [None, 0, -1, 9_999, 10_000],
    "country": [None, "", "D", "DEU", "d1", "ZZ"],
    "device_id": [None, "", "d" * 64, "d" * 65],
    "latitude": [None, 90.0, 90.00001, -90.0, -91.0, float("nan"), float("inf")],
    "longitude": [None, 180.0, -180.0, -180.00001, float("-inf"), -0.0],
    "memo": [None, "", "m" * 512, "m" * 513, "4111 1111-1111 1111", "order 4111111111111112 of 12", "1234567890123"],
}


WRITERS = ("as published", "null last", "required only")


class Known:
    def __init__(self, schemas: Sequence[Schema]) -> None:
        self._schemas = schemas

    def writer(self, key: bytes) -> Schema:
        return self._schemas[int.from_bytes(key)]


@pytest.fixture
def known(planned: Mapping[str, Schema]) -> Known:
    return Known([planned[name] for name in WRITERS])


def lots(event: Event, encode: Avro, known: Known, most: int) -> Iterator[Raw]:
    """Most rows are in order; keys and partitions fit nearly always, and some values cannot be read."""
    chance = random.Random(7)

    def made(which: int) -> tuple[int, bytes | None, bytes]:
        changed = {name: chance.choice(values) for name, values in ODD.items() if chance.random() < RARELY}
        each = event(card_id=f"card-{chance.randrange(99)}") | changed
        key: bytes | None = each["card_id"].encode()
        fitting = partition(key or b"", 5, "murmur2"), partition(key or b"", 7, "crc32")
        if chance.random() < RARELY:
            key = chance.choice([None, b"", b"card-1", each["card_id"].encode() + b"x", each["card_id"].encode()[:-1]])
        value = confluent(which) + encode(each, known.writer(bytes([which])))
        placed = (chance.choice(fitting) + (chance.random() < RARELY)) % 7
        return placed, key, value[:-1] if chance.random() < RARELY else value

    for _ in range(most):
        which, size = chance.randrange(len(WRITERS)), chance.randrange(20) + 1
        places, keys, values = zip(*(made(which) for _ in range(size)), strict=True)
        numbers = np.arange(size)
        yield Raw(np.array(places, np.int32), numbers, numbers, list(keys), list(values))


def watching_all(monkeypatch: pytest.MonkeyPatch, known: Known, checks: Checks, raws: Sequence[Raw]) -> list[Lot]:
    with monkeypatch.context() as patched:
        patched.setattr(Watch, "of", lambda _: None)
        decoder = Decoder(known, checks)
        return [decoder.decode(raw) for raw in raws]


def compare(monkeypatch: pytest.MonkeyPatch, known: Known, raws: Sequence[Raw]) -> set[object]:
    """With the same where every row is looked at; what was found there."""
    seen = set[object]()
    for checks in ALL_CHECKS:
        decoder = Decoder(known, checks)
        for raw, wanted in zip(raws, watching_all(monkeypatch, known, checks, raws), strict=True):
            found = decoder.decode(raw)
            assert (found.refusals, list(found.index)) == (wanted.refusals, list(wanted.index))
            assert str(found.rows.to_pylist()) == str(wanted.rows.to_pylist())
            seen |= {each.reason for each in found.refusals} | set(found.rows["marks"].to_pylist())
    return seen


def test_the_lot_is_the_same_as_when_every_row_is_looked_at(
    event: Event, avro: Avro, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows, marks, refusals and their order, on both sides of every limit."""
    seen = compare(monkeypatch, known, list(lots(event, avro, known, LOTS)))
    reasons = {limit.reason for limit in (*RANGES, *CAPITALS)} | {Reason.EMPTY_FIELD, Reason.TOO_LONG}
    marks = {Mark.KEY_MISSING, Mark.KEY_MISMATCH, Mark.PARTITION_MISMATCH, Mark.CARD_NUMBER}
    assert seen >= reasons | marks | {0, Reason.KEY_MISMATCH, Reason.CARD_NUMBER}


MUTANTS = {
    "long texts": ("(length > most) | ", ""),
    "empty texts": ("(length < least) & (there[row] != 0)", "False"),
    "letters below A": ("(text[i] < low) | ", ""),
    "letters above Z": (" | (text[i] > high)", ""),
    "card numbers": ("if many >= FEWEST:", "if False:"),
    "the last digit": ("(byte <= NINE)", "(byte < NINE)"),
    "doubles below": ("(low <= doubles[row]) & ", ""),
    "doubles above": (" & (doubles[row] <= high)", ""),
    "numbers below": ("(numbers[slot, row] < low) | ", ""),
    "numbers above": (" | (numbers[slot, row] > high)", ""),
    "longer keys": ("key_begins[row + 1] - key != end - at", "False"),
    "other keys": ("cards[unsigned(at) + i] != keys[unsigned(key) + i]", "False"),
    "partitions": ("!= partitions[row]", "== 99"),
    "signs of hashes": ("numbers &= POSITIVE", "pass"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_whoever_looks_away_is_found_out(
    name: str, event: Event, avro: Avro, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each question, left out alone, makes the lot another."""
    space = weakened(suspects, *MUTANTS[name])
    monkeypatch.setattr(suspects, "suspect", space["suspect"])
    monkeypatch.setattr(suspects, "misplaced", space["misplaced"])
    with pytest.raises((AssertionError, IndexError)):
        compare(monkeypatch, known, list(lots(event, avro, known, LOTS // 3)))


def test_what_the_kernel_does_not_have_is_looked_at_by_the_checks(evolved: Callable[..., Schema]) -> None:
    """Limited columns that are made of floats or filled in with a default; a label is watched like a transaction."""

    def watched(writer: Schema, reader: Schema = TRANSACTION.schema) -> bool:
        plan = compile_plan(writer, reader)
        return plan is not None and Watch.of(plan) is not None

    assert watched(TRANSACTION.schema)
    assert watched(LABEL.schema, LABEL.schema)
    assert watched(evolved(memo=None))
    assert not watched(evolved(latitude=["null", "float"]))
    reader = evolved()
    next(each for each in reader["fields"] if each["name"] == "currency")["default"] = "XX"
    assert not watched(evolved(currency=None), reader)
