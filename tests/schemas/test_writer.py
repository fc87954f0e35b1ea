"""Columns to wire bytes, with lots that have other fields in common than the one before."""

import numpy as np
import pyarrow as pa
import pytest

from schemas.contracts import Contract
from schemas.writing import Cells, Column, Longs, Named, Picked, Same, Text, Writer

FIELDS = [
    {"name": "id", "type": "string"},
    {"name": "number", "type": "long"},
    {"name": "names", "type": {"type": "array", "items": "string"}},
]


def contract() -> Contract:
    schema = {"type": "record", "name": "Some", "fields": FIELDS}
    return Contract("Some", 1, schema, "", b"\0" * 8)


USUAL: dict[str, Cells] = {"id": Same("i"), "number": Same(1), "names": Same(())}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"id": Same("Text")}, {"id": Text(pa.array(["a", "bc"]))}),
        ({"id": Same("Picked")}, {"id": Picked(np.array([1, 0]), ["a", "bc"])}),
        ({"id": Text(pa.array(["a", "bc"]))}, {"id": Same("Text")}),
        ({"names": Same(())}, {"names": Named(np.array([0, 0]), ())}),
        ({"names": Same(("a", "b"))}, {"names": Named(np.array([2, 3]), ("a", "b"))}),
        ({"names": Named(np.array([2, 3]), ("a", "b"))}, {"names": Same(("a", "b"))}),
        ({"number": Same(1)}, {"number": Longs(np.array([1, 2]))}),
        ({"number": Longs(np.array([1, 2]))}, {"number": Column(pa.array([3, -4]))}),
    ],
)
def test_what_was_the_same_in_all_rows_may_be_of_each_row_next(
    before: dict[str, Cells], after: dict[str, Cells]
) -> None:
    """Whatever the value was: one writer writes what a new one does."""
    rows = np.arange(2)
    used = Writer(contract(), b"")
    for cells in (USUAL | before, USUAL | after, USUAL | before):
        assert used.values(cells, rows) == Writer(contract(), b"").values(cells, rows)


@pytest.mark.parametrize("kind", [pa.int32(), pa.int64(), pa.timestamp("ms", tz="UTC")])
def test_a_column_is_read_where_it_lies(kind: pa.DataType) -> None:
    """Of either width, a slice of a larger one, and some of its rows."""
    numbers = np.arange(-50, 50) * 20_000_000
    column, rows = pa.array(numbers).cast(kind)[7:90], np.array([0, 3, 82])
    found = Writer(contract(), b"").values(USUAL | {"number": Column(column)}, rows)
    assert found == Writer(contract(), b"").values(USUAL | {"number": Longs(numbers[7:90])}, rows)
