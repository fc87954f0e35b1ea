import numpy as np
import pytest

from schemas.contracts import Schema
from schemas.errors import DeadLetter
from schemas.lot.columns import Columns
from schemas.lot.part import Part, merged, one_by_one, refusal, refused
from schemas.lot.table import Refusal
from schemas.verdicts import Reason

NUMBERS: Schema = {"type": "record", "name": "N", "fields": [{"name": "n", "type": "long"}]}
COLUMNS = Columns(NUMBERS)


def even(value: int) -> dict[str, object]:
    if value % 2:
        raise DeadLetter(Reason.WRONG_TYPE, f"{value} is odd")
    return {"n": value}


def values(part: Part) -> list[int]:
    return list(part.columns[0].to_pylist())


def test_each_value_is_a_row_or_a_refusal() -> None:
    """In order, with its place."""
    part = one_by_one(COLUMNS, [2, 3, 4, 5], even)
    assert (values(part), list(part.index)) == ([2, 4], [0, 2])
    assert part.refusals == [Refusal(1, Reason.WRONG_TYPE, "3 is odd"), Refusal(3, Reason.WRONG_TYPE, "5 is odd")]


def test_parts_merge_in_input_order() -> None:
    """However the values were dealt out, rows and refusals come back sorted by position."""
    one = one_by_one(COLUMNS, [0, 3, 6], even).at(np.array([0, 3, 6]))
    two = one_by_one(COLUMNS, [2, 4, 5], even).at(np.array([2, 4, 5]))
    gone = refused(COLUMNS, 2, DeadLetter(Reason.UNKNOWN_SCHEMA, "never heard of")).at(np.array([1, 7]))
    whole = merged(COLUMNS, [two, gone, one])
    assert (values(whole), list(whole.index)) == ([0, 2, 4, 6], [0, 2, 4, 6])
    assert [each.row for each in whole.refusals] == [1, 3, 5, 7]


def test_no_parts_are_no_rows() -> None:
    """And still a batch of the right schema."""
    part = merged(COLUMNS, [])
    assert (len(part.columns[0]), part.columns[0].type, part.index.size) == (0, COLUMNS.schema.types[0], 0)


@pytest.mark.parametrize(("text", "kept"), [("x" * 300, 256), ("é" * 200, 256), ("a" + "é" * 200, 255), ("\ud800", 1)])
def test_a_detail_has_at_most_256_bytes(text: str, kept: int) -> None:
    """Cut between characters, and always text."""
    detail = refusal(0, DeadLetter(Reason.INVALID_JSON, text)).detail
    assert len(detail.encode()) == kept
