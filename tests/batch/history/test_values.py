"""Cells of every type that tables have, as values of the contract."""

import datetime as dt
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch.history import amounts, frauds, times
from batch.history.times import Clock
from batch.history.units import Unit
from schemas.cells import ids, numbers
from schemas.cells.cells import Cells, Column, column
from schemas.errors import Usage

NOON = 1_767_268_800_000
"""2026-01-01 12:00 UTC."""
PARIS = Clock("Europe/Paris")


def cells(values: Any, kind: pa.DataType | None = None, *, untyped: bool = False) -> Column:
    return column("X", pa.array(values, kind), untyped=untyped)


def said(found: Cells) -> list[object]:
    """The values, "wrong" where one is."""
    values = found.values.to_pylist()
    for wrong in found.wrong:
        for row in np.flatnonzero(wrong.rows):
            assert values[row] is None
            values[row] = "wrong"
    return values


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (cells([1.0, 20.0, None, float("nan")]), ["1", "20", None, None]),
        (cells([1.5, float("inf"), 1e300]), ["wrong", "wrong", "wrong"]),
        (cells([7, None]), ["7", None]),
        (cells([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
        (cells(["1.0", "1.5", "007", ""]), ["1.0", "1.5", "007", ""]),
        (cells(["1.0", "-3.00", "1.5", "007", "a.b", "12e4", "", None], untyped=True),
         ["1", "-3", "wrong", "007", "a.b", "12e4", None, None]),
        (cells([b"abc"]), ["abc"]),
        (cells(["a", None], pa.dictionary(pa.int8(), pa.string())), ["a", None]),
        (cells(["a"], pa.string_view()), ["a"]),
        (cells([Decimal("5.00"), Decimal("5.50")]), ["5", "wrong"]),
    ],
)  # fmt: skip
def test_ids_are_canonical(of: Column, expected: list[object]) -> None:
    """The same id is the same text, whatever a table stores it as; half numbers are none."""
    assert said(ids.read(of)) == expected


@pytest.mark.parametrize("values", [[True], [dt.time(12)], [[1]], [{"a": 1}]])
def test_a_column_of_another_kind_is_no_id(values: list[Any]) -> None:
    """The refusal names the column and its type."""
    with pytest.raises(Usage, match="column X is of type"):
        ids.read(cells(values))


def minor(of: Column, scale: float = 100.0) -> list[object]:
    return said(amounts.read(of, np.full(len(of.values), scale)))


AMOUNTS = ["12.345", "12.355", "0.125", "0.285", "8.7", "1234567.89", "0", "99.995", "1e3", ".5", "-3"]


@pytest.mark.parametrize(
    "made",
    [
        lambda texts: cells(texts, untyped=True),
        lambda texts: cells([float(text) for text in texts]),
        lambda texts: cells([Decimal(text) for text in texts]),
    ],
    ids=["text", "doubles", "decimals"],
)
def test_amounts_are_the_decimals_that_are_written(made: Callable[[list[str]], Column]) -> None:
    """A half goes to the even neighbour, and text, doubles and decimals agree."""
    assert minor(made(AMOUNTS)) == [1234, 1236, 12, 28, 870, 123456789, 0, 10000, 100000, 50, -300]


@given(st.floats(-1e9, 1e9) | st.decimals(0, 10**8, places=3).map(float))
@settings(max_examples=500, deadline=None)
def test_every_double_is_rounded_as_its_shortest_decimal(value: float) -> None:
    """The quick way and exact decimals never disagree."""
    exact = (Decimal(str(value)) * 100).to_integral_value(ROUND_HALF_EVEN)
    assert minor(cells([value])) == [int(exact)]


@given(st.floats(0, 1e5, width=32))
@settings(max_examples=300, deadline=None)
def test_short_floats_mean_their_own_shortest_decimal(value: float) -> None:
    """8.7 in single precision is 8.70 and not 8.69999980926513671875."""
    exact = (Decimal(str(np.float32(value))) * 100).to_integral_value(ROUND_HALF_EVEN)
    assert minor(cells([value], pa.float32())) == [int(exact)]


def test_amounts_that_are_none() -> None:
    """NaN, infinity and words are refused, nothing is nothing, and what is too large stays too large."""
    assert minor(cells([float("nan"), float("inf"), None, 1e300])) == ["wrong", "wrong", None, 10**12]
    assert minor(cells(["abc", "12,5", "nan", "", "1 000"], untyped=True)) == ["wrong"] * 3 + [None, "wrong"]
    with pytest.raises(Usage, match="is no amount"):
        minor(cells([True]))


def test_minor_units_are_those_of_the_currency() -> None:
    """A yen has no parts, a dinar a thousand."""
    currency = pa.array(["JPY", "EUR", "KWD"])
    found = amounts.read(cells([12.0, 12.0, 12.3456]), amounts.scales(currency))
    assert found.values.to_pylist() == [12, 1200, 12346]
    assert amounts.scales(pa.array(["JPY", "JPY"])).tolist() == [1.0, 1.0]
    assert len(amounts.scales(pa.array([], pa.string()))) == 0


@pytest.mark.parametrize(
    ("of", "clock", "expected"),
    [
        (cells([NOON], pa.timestamp("ms")), Clock(), [NOON]),
        (cells([NOON + 3_600_000], pa.timestamp("ms")), PARIS, [NOON]),
        (cells([dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)], pa.timestamp("us", "UTC")), PARIS, [NOON]),
        (cells([NOON * 1_000_000 + 999_999], pa.timestamp("ns")), Clock(), [NOON]),
        (cells([-1], pa.timestamp("us")), Clock(), [-1]),
        (cells([NOON // 1000, None], pa.timestamp("s")), Clock(), [NOON, None]),
        (cells([dt.date(2026, 1, 1)]), Clock(), [NOON - 43_200_000]),
        (cells(["2026-01-01 12:00:00", "2026-01-01T12:00", "2026-01-01T12:00:00.0009"]), Clock(), [NOON] * 3),
        (cells(["2026-01-01T12:00:00Z", "2026-01-01 13:00:00+01:00", "2026-01-01 13:00:00"]), PARIS, [NOON] * 3),
        (cells(["2026-01-01"]), Clock(), [NOON - 43_200_000]),
        (cells(["01/02/2026", "x", "2026-13-01", None]), Clock(), ["wrong", "wrong", "wrong", None]),
        (cells(["", "2026-01-01 12:00:00"], untyped=True), Clock(), [None, NOON]),
        (cells([NOON // 1000]), Clock(unit=Unit.S), [NOON]),
        (cells([NOON, 2**62], pa.uint64()), Clock(unit=Unit.MS), [NOON, 2**62]),
        (cells([NOON / 1000 + 0.25, 1e300, float("nan")]), Clock(unit=Unit.S), [NOON + 250, "wrong", None]),
        (cells([str(NOON // 1000), "2026-01-01 12:00:00"]), Clock(unit=Unit.S), [NOON, NOON]),
        (cells([NOON * 1_000_000]), Clock(unit=Unit.NS), [NOON]),
    ],
)
def test_times_are_milliseconds(of: Column, clock: Clock, expected: list[object]) -> None:
    """Timestamps with and without zone, dates, ISO text and counts since 1970, each row as what it is."""
    assert said(times.read(of, clock)) == expected


@pytest.mark.parametrize("year", ["1850", "2100", "2250", "9999"])
def test_no_zone_makes_a_year_a_possible_one(year: str) -> None:
    """What lies beyond the years that are scored stays beyond."""
    for zone in ("UTC", "Europe/Paris", "America/New_York", "Pacific/Kiritimati"):
        (found,) = said(times.read(cells([f"{year}-01-02 00:00:00"]), Clock(zone)))
        assert isinstance(found, int)
        assert not 946_684_800_000 <= found < 4_102_444_800_000


def test_hours_that_a_clock_shows_twice_or_never() -> None:
    """Such a time says too little, unless it has an offset."""
    walls = ["2026-03-29 02:30:00", "2026-10-25 02:30:00", "2026-10-25 02:30:00+01:00", "2026-10-25 03:30:00"]
    assert [isinstance(each, int) for each in said(times.read(cells(walls), PARIS))] == [False, False, True, True]


@pytest.mark.parametrize("of", [cells([NOON]), cells([1.5e9]), cells([str(NOON)], untyped=True)])
def test_numbers_do_not_tell_what_they_count(of: Column) -> None:
    """Seconds or milliseconds is asked for, not guessed."""
    with pytest.raises(Usage, match="do not tell what they count") as caught:
        times.read(of, Clock())
    assert "--time-unit" in caught.value.fix


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (cells([True, False, None]), [True, False, None]),
        (cells([1, 0, 2, None]), [True, False, "wrong", None]),
        (cells([1.0, 0.0, 0.5, float("nan")]), [True, False, "wrong", None]),
        (cells(["Yes", " no", "TRUE", "f", "1", "0.0", "maybe", ""], untyped=True),
         [True, False, True, False, True, False, "wrong", None]),
    ],
)  # fmt: skip
def test_verdicts_in_the_words_of_tables(of: Column, expected: list[object]) -> None:
    """What says neither is wrong, and nothing is no verdict."""
    assert said(frauds.read(of)) == expected


@pytest.mark.parametrize(
    ("of", "value", "expected"),
    [
        (cells(["F", "N", None]), "F", [True, False, None]),
        (cells([3.0, 1.0, float("nan")]), "3", [True, False, None]),
        (cells([0, 1]), "0", [True, False]),
        (cells([True, False]), "false", [False, True]),
    ],
)
def test_a_value_of_their_own_for_fraud(of: Column, value: str, expected: list[object]) -> None:
    """That alone is fraud, and everything else that is something is genuine."""
    assert said(frauds.read(of, value)) == expected


@pytest.mark.parametrize(
    ("read", "of", "expected"),
    [
        (numbers.whole, cells(["12", "12.0", "1.5", "x", None]), [12, 12, "wrong", "wrong", None]),
        (numbers.whole, cells([12.0, float("nan")]), [12, None]),
        (numbers.whole, cells([2**64 - 1], pa.uint64()), [2**63 - 1]),
        (numbers.real, cells([1.5, float("nan")]), [1.5, None]),
        (numbers.real, cells(["1.5", "1,5"]), [1.5, "wrong"]),
        (numbers.real, cells([None, None]), [None, None]),
        (numbers.whole, cells([None, None]), [None, None]),
        (partial(times.read, clock=Clock()), cells([None]), [None]),
        (frauds.read, cells([None]), [None]),
        (ids.read, cells([None]), [None]),
    ],
)
def test_numbers(read: Callable[[Column], Cells], of: Column, expected: list[object]) -> None:
    """Whole ones may be written as 12.0; NaN is what tables have where nothing is."""
    assert said(read(of)) == expected
