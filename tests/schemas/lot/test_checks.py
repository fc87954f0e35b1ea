"""The columnar checks against the same rules written out for one record."""

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.contracts import LABEL, TRANSACTION
from schemas.lot.checks import NO_FAULT, Checks, Verdicts, check
from schemas.lot.columns import Columns
from schemas.partitioner import Partitioner, partition
from schemas.verdicts import Mark, Reason

Event = Callable[..., dict[str, Any]]
COLUMNS = Columns(TRANSACTION.schema)
BASE = {
    "event_id": "evt-1",
    "event_time": 1_700_000_000_123,
    "card_id": "card-7",
    "customer_id": "cust-9",
    "terminal_id": "term-3",
    "amount_minor": 1999,
    "currency": "EUR",
}
OPTIONAL = ["merchant_category", "country", "channel", "device_id", "latitude", "longitude", "memo"]


def checked(
    events: Sequence[dict[str, Any]],
    checks: Checks = Checks(),  # noqa: B008 - frozen
    keys: Sequence[bytes | None] | None = None,
    partitions: Sequence[int] = (),
) -> Verdicts:
    rows = COLUMNS.from_records([dict.fromkeys(OPTIONAL) | BASE | each for each in events])
    column = None if keys is None else pa.array(keys, pa.large_binary())
    return check(rows, checks, column, np.array(partitions or [0] * len(events), np.int32))


def reasons(verdicts: Verdicts) -> list[Reason | None]:
    return [None if found == NO_FAULT else verdicts.faults[found].reason for found in verdicts.found]


def alone(**changes: object) -> tuple[Reason | None, str]:
    """The verdict between two good neighbours, which stay good."""
    verdicts = checked([{}, changes, {}])
    found = reasons(verdicts)
    assert found[0] is found[2] is None
    return found[1], "" if found[1] is None else verdicts.faults[verdicts.found[1]].detail


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"event_id": ""}, Reason.EMPTY_FIELD),
        ({"event_id": "e" * 128}, None),
        ({"event_id": "e" * 129}, Reason.TOO_LONG),
        ({"card_id": ""}, Reason.EMPTY_FIELD),
        ({"card_id": "é" * 32}, None),
        ({"card_id": "é" * 33}, Reason.TOO_LONG),
        ({"customer_id": "c" * 65}, Reason.TOO_LONG),
        ({"terminal_id": ""}, Reason.EMPTY_FIELD),
        ({"device_id": None}, None),
        ({"device_id": ""}, Reason.EMPTY_FIELD),
        ({"device_id": "d" * 65}, Reason.TOO_LONG),
        ({"memo": ""}, None),
        ({"memo": "m" * 512}, None),
        ({"memo": "m" * 513}, Reason.TOO_LONG),
        ({"amount_minor": 0}, None),
        ({"amount_minor": -1}, Reason.AMOUNT_OUT_OF_RANGE),
        ({"amount_minor": 100_000_000_000}, None),
        ({"amount_minor": 100_000_000_001}, Reason.AMOUNT_OUT_OF_RANGE),
        ({"amount_minor": -(2**63)}, Reason.AMOUNT_OUT_OF_RANGE),
        ({"event_time": 946_684_799_999}, Reason.TIME_OUT_OF_RANGE),
        ({"event_time": 946_684_800_000}, None),
        ({"event_time": 4_102_444_799_999}, None),
        ({"event_time": 4_102_444_800_000}, Reason.TIME_OUT_OF_RANGE),
        ({"currency": "EURO"}, Reason.CURRENCY_INVALID),
        ({"currency": "EU"}, Reason.CURRENCY_INVALID),
        ({"currency": ""}, Reason.CURRENCY_INVALID),
        ({"currency": "eur"}, Reason.CURRENCY_INVALID),
        ({"currency": "E\nR"}, Reason.CURRENCY_INVALID),
        ({"currency": "EUR\n"}, Reason.CURRENCY_INVALID),
        ({"currency": "ÄR"}, Reason.CURRENCY_INVALID),
        ({"country": "DE"}, None),
        ({"country": "D"}, Reason.FIELD_OUT_OF_RANGE),
        ({"country": "de"}, Reason.FIELD_OUT_OF_RANGE),
        ({"country": ""}, Reason.FIELD_OUT_OF_RANGE),
        ({"merchant_category": 9999}, None),
        ({"merchant_category": 10_000}, Reason.FIELD_OUT_OF_RANGE),
        ({"merchant_category": -1}, Reason.FIELD_OUT_OF_RANGE),
        ({"latitude": 90.0}, None),
        ({"latitude": 90.00001}, Reason.FIELD_OUT_OF_RANGE),
        ({"latitude": float("nan")}, Reason.FIELD_OUT_OF_RANGE),
        ({"longitude": -180.0}, None),
        ({"longitude": float("-inf")}, Reason.FIELD_OUT_OF_RANGE),
    ],
)
def test_each_limit_from_both_sides(changes: dict[str, object], reason: Reason | None) -> None:
    """The last value within is good, the first beyond has its reason, and the detail names the field."""
    found, detail = alone(**changes)
    assert found == reason
    assert reason is None or detail.startswith(next(iter(changes)))


def test_the_first_fault_in_the_fixed_order_counts() -> None:
    """A record with many faults is refused for the same one every time."""
    faults = {"memo": "m" * 600, "amount_minor": -1, "event_time": 0, "latitude": 91.0, "currency": "x", "card_id": ""}
    order = ["card_id", "memo", "amount_minor", "event_time", "latitude", "currency"]
    for name in order:
        assert alone(**faults)[1].startswith(name)
        del faults[name]


def test_keys_are_compared_with_card_ids() -> None:
    """Null and empty keys are missing, any other key is right or a mismatch; nothing is refused unless told."""
    keys = [b"card-7", None, b"", b"card-8", b"card", b"\xff", "käse".encode()]
    events = [*({"card_id": "card-7"} for _ in keys[:-1]), {"card_id": "käse"}]
    marks = [0, Mark.KEY_MISSING, Mark.KEY_MISSING, *[Mark.KEY_MISMATCH] * 3, 0]
    verdicts = checked(events, keys=keys)
    assert list(verdicts.marks) == marks
    assert reasons(verdicts) == [None] * 7
    strict = checked(events, Checks(strict_keys=True), keys)
    assert reasons(strict) == [Reason.KEY_MISMATCH if mark else None for mark in marks]


def test_keys_that_only_add_up_are_not_equal() -> None:
    """Two keys whose bytes together are those of the two cards are still two mismatches."""
    verdicts = checked([{"card_id": "ab"}, {"card_id": "c"}], keys=[b"a", b"bc"])
    assert list(verdicts.marks) == [Mark.KEY_MISMATCH] * 2


@pytest.mark.parametrize("name", ["murmur2", "crc32"])
def test_partitions_are_those_of_the_card_id(name: Partitioner) -> None:
    """A partition the partitioner would not have chosen is marked, or refused under strict keys."""
    cards = [f"card-{number}" for number in range(50)]
    right = [partition(card.encode(), 6, name) for card in cards]
    wrong = [(each + place % 2) % 6 for place, each in enumerate(right)]
    events, keys = [{"card_id": card} for card in cards], [card.encode() for card in cards]
    checks = Checks(partitioner=name, partitions=6)
    assert not checked(events, checks, keys, right).marks.any()
    assert list(checked(events, checks, keys, wrong).marks) == [0, Mark.PARTITION_MISMATCH] * 25
    strict = checked(events, Checks(strict_keys=True, partitioner=name, partitions=6), keys, wrong)
    assert reasons(strict) == [None, Reason.KEY_MISMATCH] * 25
    assert not checked(events, Checks(partitioner=name), keys, wrong).marks.any()


def test_card_numbers_are_marked_or_refused() -> None:
    """In the card id as a whole, in the memo anywhere; only refused when told to."""
    events = [{"card_id": "4111111111111111"}, {"memo": "card 4111-1111-1111-1111 declined"}, {"memo": "order 12"}]
    keys = [b"4111111111111111", b"card-7", b"card-7"]
    assert list(checked(events, keys=keys).marks) == [Mark.CARD_NUMBER, Mark.CARD_NUMBER, 0]
    rejected = checked(events, Checks(reject_pans=True), keys)
    assert reasons(rejected) == [Reason.CARD_NUMBER, Reason.CARD_NUMBER, None]


def test_marks_add_up() -> None:
    """One record may have several, and none hides another."""
    verdicts = checked([{"card_id": "4111111111111111"}], Checks(partitions=2), [b"x"], [5])
    assert verdicts.marks[0] == Mark.KEY_MISMATCH | Mark.PARTITION_MISMATCH | Mark.CARD_NUMBER


def test_a_contract_without_some_fields_is_checked_for_the_rest() -> None:
    """A label has no memo and no place, but limits of its own."""
    label = {
        name: BASE[name] for name in ("event_id", "card_id", "terminal_id", "amount_minor", "currency", "event_time")
    }
    labels = [label | {"is_fraud": True, "source": source} for source in ("customer", "", "s" * 65)]
    verdicts = check(Columns(LABEL.schema).from_records(labels), Checks(), None, np.zeros(3, np.int32))
    assert reasons(verdicts) == [None, Reason.EMPTY_FIELD, Reason.TOO_LONG]


def test_a_slice_is_checked_as_its_own_rows() -> None:
    """Columns that do not start at the buffer's beginning give the same verdicts."""
    events = [dict.fromkeys(OPTIONAL) | BASE | {"currency": each} for each in ("x", "EUR", "eur", "USD")]
    rows = COLUMNS.from_records(events).slice(1)
    verdicts = check(rows, Checks(), pa.array([b"card-7"] * 4, pa.large_binary())[1:], np.zeros(3, np.int32))
    assert reasons(verdicts) == [None, Reason.CURRENCY_INVALID, None]
    assert not verdicts.marks.any()


def expected(event: dict[str, Any]) -> Reason | None:  # noqa: C901, PLR0911 - the rules, one after the other
    """The contract's rules for one record, in plain words."""
    sizes = {name: len(value.encode()) for name, value in event.items() if isinstance(value, str)}
    for name, most in (("event_id", 128), ("card_id", 64), ("customer_id", 64), ("terminal_id", 64), ("device_id", 64)):
        if sizes.get(name) == 0:
            return Reason.EMPTY_FIELD
        if sizes.get(name, 0) > most:
            return Reason.TOO_LONG
    if sizes.get("memo", 0) > 512:
        return Reason.TOO_LONG
    if not 0 <= event["amount_minor"] <= 10**11:
        return Reason.AMOUNT_OUT_OF_RANGE
    if not 946_684_800_000 <= event["event_time"] < 4_102_444_800_000:
        return Reason.TIME_OUT_OF_RANGE
    for name, most in (("merchant_category", 9999), ("latitude", 90), ("longitude", 180)):
        low = 0 if name == "merchant_category" else -most
        if event[name] is not None and not low <= event[name] <= most:
            return Reason.FIELD_OUT_OF_RANGE
    if not (len(event["currency"]) == 3 and event["currency"].isascii() and event["currency"].isalpha()):
        return Reason.CURRENCY_INVALID
    if not event["currency"].isupper():
        return Reason.CURRENCY_INVALID
    if event["country"] is not None and not (len(event["country"]) == 2 and set(event["country"]) <= set("ABDE")):
        return Reason.FIELD_OUT_OF_RANGE
    return None


def text(*sizes: int) -> st.SearchStrategy[str]:
    return st.one_of(
        st.just("ok"), st.sampled_from(sizes).flatmap(lambda size: st.sampled_from(["a", "é"]).map(lambda c: c * size))
    )


EVENTS = st.fixed_dictionaries(
    {
        "event_id": text(0, 64, 65, 128, 129),
        "event_time": st.sampled_from([-1, 946_684_799_999, 946_684_800_000, 4_102_444_799_999, 4_102_444_800_000]),
        "card_id": text(0, 32, 33, 64, 65),
        "customer_id": text(0, 65),
        "terminal_id": text(0, 65),
        "amount_minor": st.sampled_from([0, 1, -1, 10**11, 10**11 + 1, 2**63 - 1]),
        "currency": st.sampled_from(["EUR", "EUR", "eUR", "EU", "EURO", "ÉUR", "E R"]),
        "merchant_category": st.sampled_from([None, 0, -1, 9999, 10000]),
        "country": st.sampled_from([None, "DE", "de", "D", ""]),
        "channel": st.none(),
        "device_id": st.one_of(st.none(), text(0, 65)),
        "latitude": st.sampled_from([None, 0.0, -90.0, 90.5, float("nan")]),
        "longitude": st.sampled_from([None, 180.0, -180.5, float("inf")]),
        "memo": st.one_of(st.none(), text(0, 256, 257, 512, 513)),
    }
)


@settings(max_examples=200, deadline=None)
@given(st.lists(EVENTS, max_size=12))
def test_columns_say_what_the_rules_say(events: list[dict[str, Any]]) -> None:
    """Any mixture of good and bad values gets, record by record, the verdict of the plain rules."""
    assert reasons(checked(events)) == [expected(event) for event in events]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.text(min_size=1, max_size=8), st.one_of(st.none(), st.binary(max_size=4), st.just(b"=")))))
def test_marks_say_what_the_rules_say(pairs: list[tuple[str, bytes | None]]) -> None:
    """Any mixture of keys, `=` standing for the right one, and partitions that go round."""
    keys = [card.encode() if key == b"=" else key for card, key in pairs]
    partitions = [place % 3 for place in range(len(pairs))]
    verdicts = checked(
        [{"card_id": card} for card, _ in pairs], Checks(partitioner="crc32", partitions=3), keys, partitions
    )
    for (card, _), key, where, marks in zip(pairs, keys, partitions, verdicts.marks, strict=True):
        right = Mark.PARTITION_MISMATCH if zlib.crc32(card.encode()) % 3 != where else Mark.NONE
        found = Mark.KEY_MISSING if not key else Mark.NONE if key == card.encode() else Mark.KEY_MISMATCH
        assert marks == right | found
