"""Columns to wire bytes, with lots that have other fields in common than the one before."""

import numpy as np
import pyarrow as pa
import pytest

from schemas.contracts import Contract
from schemas.writing import Cells, Longs, Named, Picked, Same, Text, Writer

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
