"""From cells to numbers: each kind of column, whatever type a file keeps it in, and what is nothing."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from models.churn.encoding import Categories, Encoding, Number
from schemas.errors import Usage

ENCODING = Encoding(
    key="id",
    columns=[
        Number(name="charges", usual=20.0),
        Categories(name="plan", categories=["1", "basic", "true"], usual="basic"),
    ],
)


def matrix(**columns: pa.Array) -> list[list[float]]:
    return ENCODING.matrix(pa.RecordBatch.from_pydict(columns)).tolist()


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("29.85", 29.85),
        (" 7 ", 7.0),
        (" ", None),
        ("", None),
        (None, None),
        ("n/a", None),
        ("1e999", None),
        ("-0", 0.0),
    ],
)
def test_a_number_is_what_is_written_or_nothing(cell: str | None, number: float | None) -> None:
    """Blanks, words and what no double holds are NaN."""
    [[found, *_]] = matrix(charges=pa.array([cell], pa.string()), plan=pa.array(["basic"]))
    assert found == number or (number is None and np.isnan(found))


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1.0, None]),
        pa.array([1, None], pa.int8()),
        pa.array([True, None]),
        pa.array([Decimal("1.0"), None]),
        pa.array(["1", " "]).dictionary_encode(),
        pa.array(["1.0", ""], pa.large_string()),
        pa.array([1.0, float("nan")], pa.float32()),
    ],
)
def test_a_number_is_the_same_whatever_type_it_is_kept_in(values: pa.Array) -> None:
    """Also what NaN stands for in tables of numbers."""
    found = np.array(matrix(charges=values, plan=pa.array(["basic", "basic"])))[:, 0]
    assert found[0] == 1.0
    assert np.isnan(found[1])


@pytest.mark.parametrize(
    ("values", "place"),
    [
        (pa.array(["basic"]), 1),
        (pa.array([" BASIC "]), 1),
        (pa.array(["Basic"]).dictionary_encode(), 1),
        (pa.array([True]), 2),
        (pa.array(["TRUE"]), 2),
        (pa.array([1]), 0),
        (pa.array([1.0]), 0),
        (pa.array(["1.0"]), 0),
    ],
)
def test_a_category_is_found_whatever_type_and_case_it_has(values: pa.Array, place: int) -> None:
    """One column is 1, the others are 0."""
    [[_, *found]] = matrix(charges=pa.array([1.0]), plan=values)
    assert found == [float(each == place) for each in range(3)]


def test_blank_and_never_seen_are_two_things() -> None:
    """A blank is not known, so NaN; another category is none of those known, so 0."""
    found = matrix(charges=pa.array([1.0] * 4), plan=pa.array([None, " ", "premium", "basic"]))
    assert np.isnan(np.array(found)[:2, 1:]).all()
    assert found[2][1:] == [0.0, 0.0, 0.0]
    assert found[3][1:] == [0.0, 1.0, 0.0]


def test_cells_that_say_nothing_are_counted_by_column() -> None:
    """As many as are NaN, or 0 in all columns of their field."""
    charges = pa.array(["12,5", " ", None, "3", "inf"])
    plan = pa.array([None, " ", "premium", "Basic", "basic "])
    rows = pa.RecordBatch.from_arrays([charges, plan], names=["charges", "plan"])
    assert ENCODING.unread(rows) == {"charges": (4, 0), "plan": (2, 1)}


def test_columns_are_found_by_name_in_any_order() -> None:
    """The key may be there, and counts for nothing."""
    plan, charges = pa.array(["basic"]), pa.array([3.0])
    assert matrix(plan=plan, charges=charges) == matrix(charges=charges, id=pa.array(["x"]), plan=plan)


def test_wrong_columns_are_named_before_anything_is_read() -> None:
    """Missing, foreign and double ones."""
    one = pa.array(["x"])
    with pytest.raises(Usage, match="no column plan"):
        matrix(charges=one)
    with pytest.raises(Usage, match="does not know the column churned, tenure"):
        matrix(charges=one, plan=one, tenure=one, churned=one)
    with pytest.raises(Usage, match="column plan twice"):
        ENCODING.matrix(pa.RecordBatch.from_arrays([one, one, one], names=["charges", "plan", "plan"]))


def test_a_column_of_another_kind_is_refused_by_name() -> None:
    """Lists are no numbers and dates no categories."""
    with pytest.raises(Usage, match="column charges is of type list"):
        matrix(charges=pa.array([[1.0]]), plan=pa.array(["basic"]))
    with pytest.raises(Usage, match="column plan is of type timestamp"):
        matrix(charges=pa.array([1.0]), plan=pa.array([0], pa.timestamp("ms")))


def test_no_rows_make_no_rows() -> None:
    """Of the same width."""
    empty = pa.array([], pa.string())
    found = ENCODING.matrix(pa.RecordBatch.from_pydict({"charges": empty, "plan": empty}))
    assert found.shape == (0, 4)


@pytest.mark.parametrize(
    "columns",
    [
        [],
        [{"kind": "number", "name": "a", "usual": float("nan")}],
        [{"kind": "number", "name": "id", "usual": 0.0}],
        [{"kind": "number", "name": "a", "usual": 0.0}, {"kind": "number", "name": "a", "usual": 0.0}],
        [{"kind": "category", "name": "a", "categories": ["y", "x"], "usual": "x"}],
        [{"kind": "category", "name": "a", "categories": ["x"], "usual": "y"}],
        [{"kind": "category", "name": "a", "categories": [], "usual": "y"}],
        [{"kind": "code", "name": "a"}],
    ],
)
def test_a_senseless_declaration_is_refused(columns: list[object]) -> None:
    """Whoever wrote it."""
    with pytest.raises(ValidationError):
        Encoding.model_validate({"key": "id", "columns": columns})
