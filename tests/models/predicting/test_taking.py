"""Cells of anybody's, taken as they are or refused with row and column; the same rows of any format are the same."""

import json
import math
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.predicting.signature import Column, Signature, Type
from models.predicting.taking import Taken, take
from schemas.tables import BadTable, Table, csv_body, json_body, parquet_body

SECRET = "hunter2"


def signature(*types: Type, missing: bool = False) -> Signature:
    return Signature("numbers", tuple(Column(f"c{at}", kind) for at, kind in enumerate(types)), missing)


def of_json(*rows: list[Any]) -> Table:
    said = {"dataframe_split": {"columns": [f"c{at}" for at in range(len(rows[0]))], "data": rows}}
    return json_body(json.dumps(said).encode()).table


def of_csv(text: str) -> Table:
    return csv_body(f"c0\n{text}\n".encode())


def of_parquet(values: pa.Array) -> Table:
    stream = BytesIO()
    pq.write_table(pa.table({"c0": values}), stream)
    return parquet_body(stream.getvalue())


DOUBLE, FLOAT, LONG, INTEGER, BOOLEAN = Type.DOUBLE, Type.FLOAT, Type.LONG, Type.INTEGER, Type.BOOLEAN


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        (DOUBLE, "5.1", 5.1),
        (DOUBLE, "5", 5.0),
        (DOUBLE, "-0.0", -0.0),
        (DOUBLE, "1e308", 1e308),
        (DOUBLE, str(2**70), 2.0**70),
        (FLOAT, "0.1", float(np.float32(0.1))),
        (LONG, "3", 3.0),
        (LONG, "3.0", 3.0),
        (LONG, str(-(2**63)), -(2.0**63)),
        (INTEGER, str(2**31 - 1), 2.0**31 - 1),
        (BOOLEAN, "true", 1.0),
        (BOOLEAN, "false", 0.0),
    ],
)
def test_a_cell_that_fits_is_taken_from_json_and_csv_alike(kind: Type, cell: str, value: float) -> None:
    """To the last bit, also the sign of nothing."""
    for table in (json_body(f'{{"data": [[{cell}]]}}'.encode()).table, of_csv(cell)):
        taken = take(signature(kind), table)
        assert taken.rows.tolist() == [[value]]
        assert math.copysign(1, taken.rows[0, 0]) == math.copysign(1, value)
        assert not taken.refused


@pytest.mark.parametrize(
    ("kind", "cell", "code"),
    [
        (DOUBLE, "1e400", "out_of_range"),
        (DOUBLE, "-1e400", "out_of_range"),
        (DOUBLE, "1e-400", "out_of_range"),
        (DOUBLE, "-1e-400", "out_of_range"),
        (DOUBLE, "0." + "0" * 330 + "1", "out_of_range"),
        (LONG, "1e-400", "out_of_range"),
        (FLOAT, "1e-60", "out_of_range"),
        (DOUBLE, str(2**53 + 1), "out_of_range"),
        (DOUBLE, "1" + "0" * 400, "out_of_range"),
        (DOUBLE, "true", "wrong_type"),
        (DOUBLE, f'"{SECRET}"', "wrong_type"),
        (FLOAT, "1e39", "out_of_range"),
        (LONG, "1.5", "wrong_type"),
        (LONG, str(2**63), "out_of_range"),
        (LONG, str(2**53 + 1), "out_of_range"),
        (INTEGER, "1.5", "wrong_type"),
        (INTEGER, str(2**31), "out_of_range"),
        (INTEGER, str(-(2**31) - 1), "out_of_range"),
        (BOOLEAN, "1", "wrong_type"),
        (BOOLEAN, '"no"', "wrong_type"),
        (BOOLEAN, "0.0", "wrong_type"),
    ],
)
def test_a_cell_that_would_have_to_be_bent_is_refused_by_row_and_column(kind: Type, cell: str, code: str) -> None:
    """In JSON and in CSV for the same reason, and without being quoted."""
    good = "true" if kind is BOOLEAN else "1"
    for table in (
        json_body(f'{{"data": [[{good}], [{cell}]]}}'.encode()).table,
        csv_body(f"c0\n{good}\n{cell}\n".encode()),
    ):
        taken = take(signature(kind), table)
        [refused] = taken.refused
        assert (refused.row, refused.column, refused.code) == (2, "c0", code)
        assert taken.kept.tolist() == [0]
        assert SECRET not in str(refused)


@pytest.mark.parametrize("cell", ['"1"', "[1]", "{}", '""'])
def test_what_is_no_number_in_json_is_none(cell: str) -> None:
    """A text that looks like a number is still a text there, where numbers can be said."""
    [refused] = take(signature(DOUBLE), json_body(f'{{"data": [[1], [{cell}]]}}'.encode()).table).refused
    assert refused.code == "wrong_type"


@pytest.mark.parametrize("cell", ["0x10", "1_000", "1,000", "\u0661", "5.1.2", "1e", "inf", "Infinity", "--1", "1 2"])
def test_what_is_no_number_in_csv_is_none(cell: str) -> None:
    """Nothing is taken for a number that only one language takes for one."""
    [refused] = take(signature(DOUBLE, missing=True), csv_body(f'c0\n"{cell}"\n'.encode())).refused
    assert refused.code == "wrong_type"


@pytest.mark.parametrize("blank", ["", " ", "NaN", "null", "NA", "None"])
def test_a_blank_is_missing_where_the_model_takes_it_and_refused_where_not(blank: str) -> None:
    """In a column of numbers none of these can be one."""
    table = csv_body(f"c0,c1\n1,2\n{blank},3\n".encode())
    taken = take(signature(DOUBLE, DOUBLE, missing=True), table)
    assert np.isnan(taken.rows[1, 0])
    [refused] = take(signature(DOUBLE, DOUBLE), table).refused
    assert (refused.row, refused.code) == (2, "missing")


def test_null_is_missing_in_every_type() -> None:
    """Where the model takes it; and each row is refused for its first fault alone."""
    kinds = (DOUBLE, FLOAT, LONG, INTEGER, BOOLEAN)
    table = of_json([None] * 5)
    assert np.isnan(take(signature(*kinds, missing=True), table).rows).all()
    [refused] = take(signature(*kinds), table).refused
    assert (refused.column, refused.code) == ("c0", "missing")


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (pa.array([1, None], pa.int8()), [1.0, math.nan]),
        (pa.array([2**53, 1], pa.uint64()), [2.0**53, 1.0]),
        (pa.array([0.5, math.nan]), [0.5, math.nan]),
        (pa.array([0.1], pa.float32()), [float(np.float32(0.1))]),
        (pa.array([None, None]), [math.nan, math.nan]),
        (pa.array([3, 3], pa.int32()).dictionary_encode(), [3.0, 3.0]),
        (pa.array(["1.25"]).cast(pa.decimal128(9, 2)), [1.25]),
    ],
)
def test_parquet_numbers_of_any_type_are_numbers(values: pa.Array, found: list[float]) -> None:
    """NaN is what tables of numbers have where there is nothing."""
    taken = take(signature(DOUBLE, missing=True), of_parquet(values))
    assert taken.rows.ravel().tolist() == pytest.approx(found, nan_ok=True, rel=0)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([2**63 + 1], pa.uint64()),
        pa.array([2**64 - 1], pa.uint64()),
        pa.array([2**53 + 1]),
        pa.array([math.inf]),
    ],
)
def test_parquet_numbers_that_no_double_has_are_refused(values: pa.Array) -> None:
    """Row by row, as elsewhere."""
    assert [each.code for each in take(signature(DOUBLE), of_parquet(values)).refused] == ["out_of_range"]


@pytest.mark.parametrize("values", [["1"], [True], [b"1"]])
def test_a_parquet_column_of_another_type_is_refused_as_a_whole(values: list[Any]) -> None:
    """Its own schema says that no cell of it can do."""
    with pytest.raises(BadTable, match="c0 is of type") as caught:
        take(signature(DOUBLE), of_parquet(pa.array(values)))
    assert caught.value.column == "c0"


def test_columns_go_by_name_in_any_order_and_others_are_left_alone() -> None:
    """As with MLflow: what the model does not know is ignored; a file keeps it beside the prediction."""
    model = signature(DOUBLE, DOUBLE)
    table = csv_body(b"id,c1,c0\nx,2,1\n")
    assert take(model, table).rows.tolist() == [[1.0, 2.0]]
    assert model.beside(table) == [0]


def test_missing_columns_are_named_and_strangers_are_not() -> None:
    """A name out of a body is nothing to be repeated."""
    with pytest.raises(BadTable, match="no column c1") as caught:
        take(signature(DOUBLE, DOUBLE), csv_body(b"hunter2,c0\n1,2\n"))
    assert SECRET not in str(caught.value)
    with pytest.raises(BadTable, match="3 cells, the model takes 2"):
        take(signature(DOUBLE, DOUBLE), json_body(b'{"data": [[1, 2, 3]]}').table)


def test_columns_that_nobody_named_go_by_their_place() -> None:
    """Whatever a header calls them, where there are as many."""
    model = Signature("numbers", (Column("x0", DOUBLE), Column("x1", DOUBLE)), nameless=True)
    assert take(model, csv_body(b"a,b\n1,2\n")).rows.tolist() == [[1.0, 2.0]]
    assert take(model, csv_body(b"x1,x0\n1,2\n")).rows.tolist() == [[2.0, 1.0]]
    with pytest.raises(BadTable):
        take(model, csv_body(b"a,b,c\n1,2,3\n"))


def test_texts_are_taken_as_they_are() -> None:
    """An empty one is a text where a format can say so; a number is none, nor is half a character."""
    model = Signature("text", (Column("text", Type.STRING),), nameless=True)
    assert take(model, json_body('{"inputs": "schön"}'.encode()).table).rows == ["schön"]
    taken = take(model, json_body(b'{"inputs": ["a", "", 1, null, "\\ud800", true, "b"]}').table)
    assert (taken.rows, taken.kept.tolist()) == (["a", "", "b"], [0, 1, 6])
    assert [each.code for each in taken.refused] == ["wrong_type", "missing", "wrong_type", "wrong_type"]
    assert take(model, csv_body(b'review\n"a, b"\n12\n')).rows == ["a, b", "12"]
    with pytest.raises(BadTable):
        take(model, of_parquet(pa.array([1])))


def test_no_rows_are_no_rows() -> None:
    """Whether or not anybody says what their columns would be."""
    for body in (b'{"data": []}', b'{"dataframe_split": {"columns": ["c0", "c1"], "data": []}}'):
        taken = take(signature(DOUBLE, DOUBLE), json_body(body).table)
        assert (len(taken), taken.rows.shape, list(taken.refused)) == (0, (0, 2), [])


NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
WHOLE = st.none() | st.integers(-(2**31), 2**31 - 1)
ROW = st.tuples(NUMBERS, WHOLE, st.none() | st.booleans())


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=12), missing=st.booleans())
def test_the_same_rows_of_any_format_are_the_same(rows: list[tuple[Any, ...]], missing: bool) -> None:
    """Bit for bit: what is taken, and what is refused for which reason."""
    model = signature(DOUBLE, INTEGER, BOOLEAN, missing=missing)
    said = of_json(*map(list, rows))
    lines = [",".join("" if each is None else json.dumps(each) for each in row) for row in rows]
    text = csv_body("\n".join(["c0,c1,c2", *lines, ""]).encode())
    stream = BytesIO()
    doubles = pa.array([None if row[0] is None else float(row[0]) for row in rows], pa.float64())
    kinds = (pa.int32(), pa.bool_())
    columns = [doubles, *(pa.array([row[at + 1] for row in rows], kind) for at, kind in enumerate(kinds))]
    pq.write_table(pa.table(columns, names=["c0", "c1", "c2"]), stream)
    first, *others = (take(model, table) for table in (said, text, parquet_body(stream.getvalue())))
    assert len(first.kept) + len(first.refused) == len(rows)
    for other in others:
        _equal(first, other)


def _equal(one: Taken, other: Taken) -> None:
    assert one.rows.tobytes() == other.rows.tobytes() or np.array_equal(one.rows, other.rows, equal_nan=True)
    assert one.kept.tolist() == other.kept.tolist()
    assert list(one.refused) == list(other.refused)
