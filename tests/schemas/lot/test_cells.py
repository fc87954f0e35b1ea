from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from schemas.lot import Checks, from_mappings
from schemas.lot.cells import (
    FIRST,
    SYMBOLS,
    VALID,
    VALUES,
    bitmap,
    cells,
    doubles,
    ends,
    ints,
    letters,
    longs,
    place,
    there,
)
from schemas.lot.cells import symbols as channels

EVENT = {"event_id": "e", "event_time": 1_700_000_000_000, "card_id": "c", "customer_id": "c", "terminal_id": "t"}
EVENT |= {"amount_minor": 1, "currency": "EUR"}


def lot(count: int) -> pa.RecordBatch:
    optional = {"country": "DE", "merchant_category": 7, "latitude": 0.5, "channel": "ONLINE"}
    events = [
        EVENT | {"amount_minor": number + 1, "card_id": "c" * (number % 5 + 1)} | (optional if number % 3 else {})
        for number in range(count)
    ]
    return from_mappings(events, Checks()).rows


@pytest.mark.parametrize(("first", "size"), [(0, 0), (0, 40), (3, 1), (13, 21)])
def test_cells_are_those_of_the_rows(first: int, size: int) -> None:
    """Of a slice, too, whatever is null in it."""
    rows = lot(40).slice(first, size)
    found = cells(rows)
    assert longs(found, place("amount_minor")).tolist() == rows["amount_minor"].to_pylist()
    assert ints(found, place("partition")).tolist() == rows["partition"].to_pylist()
    text, to = bytes(letters(found, place("card_id"))), ends(found, place("card_id")).tolist()
    assert [text[one:other].decode() for one, other in pairwise(to)] == rows["card_id"].to_pylist()
    for name, values in (("latitude", doubles), ("merchant_category", ints)):
        column = place(name)
        bits, numbers = bitmap(found, column), values(found, column)
        given = [there(bits, int(found[column, FIRST]) + row) for row in range(size)]
        assert [each if some else None for each, some in zip(numbers, given, strict=True)] == rows[name].to_pylist()
    words, to = bytes(letters(found, SYMBOLS)), ends(found, SYMBOLS)
    bits = bitmap(found, place("channel"))
    for row, symbol in enumerate(channels(found, place("channel"))):
        if there(bits, int(found[place("channel"), FIRST]) + row):
            assert words[to[symbol] : to[symbol + 1]].decode() == rows["channel"][row].as_py()


def test_a_column_without_nulls_has_no_bitmap() -> None:
    """All of it is there."""
    found = cells(lot(3))
    assert found[place("amount_minor"), VALUES] != 0
    assert found[place("amount_minor"), VALID] == 0
    assert there(bitmap(found, place("amount_minor")), 2)


def test_other_tables_are_refused() -> None:
    """What is no lot is never read as one."""
    with pytest.raises(TypeError, match="no rows of a lot"):
        cells(lot(1).select([1, 0]))
    assert np.array_equal(cells(lot(0))[:, FIRST], np.zeros(SYMBOLS + 1))
