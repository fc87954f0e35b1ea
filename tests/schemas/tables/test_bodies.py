"""Bodies of requests: every shape that MLflow knows, and the words for what is none."""

import json
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.tables import BadTable, Table, TooLarge, csv_body, csv_rows, json_body, parquet_body, parquet_whole, shapes
from schemas.tables.table import MOST_COLUMNS

SECRET = "hunter2"


def cells(table: Table) -> list[list[object]]:
    return [each.cells.to_pylist() if isinstance(each.cells, pa.Array) else list(each.cells) for each in table.columns]


@pytest.mark.parametrize(
    ("said", "names", "found"),
    [
        ({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}}, ("a", "b"), [[1, 3], [2, 4]]),
        ({"dataframe_split": {"index": [7], "data": [[1, 2]]}}, None, [[1], [2]]),
        ({"dataframe_split": {"columns": ["a"], "data": []}}, ("a",), [[]]),
        ({"dataframe_records": [{"a": 1, "b": None}, {"b": 2, "a": 3}]}, ("a", "b"), [[1, 3], [None, 2]]),
        ({"dataframe_records": [{"a": 1}, {"b": 2}]}, ("a", "b"), [[1, None], [None, 2]]),
        ({"dataframe_records": []}, None, []),
        ({"instances": [[1, 2]]}, None, [[1], [2]]),
        ({"instances": ["x", "y"]}, None, [["x", "y"]]),
        ({"instances": [{"a": 1}]}, ("a",), [[1]]),
        ({"inputs": "x"}, None, [["x"]]),
        ({"inputs": {"a": [1, 2], "b": [3, 4]}}, ("a", "b"), [[1, 2], [3, 4]]),
        ({"inputs": {"a": 1, "b": "x"}}, ("a", "b"), [[1], ["x"]]),
        ({"inputs": [True, None]}, None, [[True, None]]),
        ({"data": [[5.1, 3.5]]}, None, [[5.1], [3.5]]),
        ({"data": [2**70], "params": {"output": "score"}}, None, [[2**70]]),
    ],
)
def test_every_shape_is_the_one_table(said: object, names: object, found: object) -> None:
    """Whichever way the rows are said, cells stay what they were."""
    body = json_body(json.dumps(said).encode())
    assert (body.table.names, cells(body.table)) == (names, found)
    assert body.shape in said


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[[1]]",
        b'"x"',
        b"{}",
        b'{"instances": [1], "inputs": [1]}',
        b'{"instances": [1], "else": 1}',
        b'{"instances": "x"}',
        b'{"instances": 1}',
        b'{"inputs": {"a": [1], "b": [1, 2]}}',
        b'{"inputs": {"a": [1], "b": 1}}',
        b'{"data": [NaN]}',
        b'{"data": [-Infinity]}',
        b'{"data": [{"a": 1, "a": 2}]}',
        b'{"data": [[1, 2], [3]]}',
        b'{"data": [[1], 2]}',
        b'{"data": [1], "params": 3}',
        b'{"data": [1]} more',
        b'{"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}',
        b'{"dataframe_split": {"columns": ["a", "a"], "data": [[1, 2]]}}',
        b'{"dataframe_split": {"columns": [true], "data": [[1]]}}',
        b'{"dataframe_split": {"columns": ["\\ud800"], "data": [[1]]}}',
        b'{"dataframe_split": {"columns": ["a"]}}',
        b'{"dataframe_split": {"columns": ["a"], "data": [[1]], "more": 1}}',
        b'{"dataframe_records": [[1]]}',
        b'{"dataframe_records": {"a": 1}}',
        b'{"data": ' + b"[" * 100_000,
        b'{"data": [' + b"9" * 5_000 + b"]}",
        b'{"data": ["\xff"]}',
        b'{"data": ["' + SECRET.encode() + b'", ' + SECRET.encode() + b"]}",
        b'{"' + SECRET.encode() + b'": [1]}',
    ],
)
def test_what_is_no_table_is_refused_without_being_quoted(content: bytes) -> None:
    """No body ends in anything but BadTable, and nothing of it comes back."""
    with pytest.raises(BadTable) as caught:
        json_body(content)
    assert SECRET not in str(caught.value)


def test_a_number_beyond_doubles_is_kept_as_one() -> None:
    """JSON has no word for infinity, so one in a cell is what was too large."""
    assert cells(json_body(b'{"data": [1e400, -1e400]}').table) == [[float("inf"), float("-inf")]]


@pytest.mark.parametrize("text", ["1e-400", "-1E-0400", "3e-325", "0." + "0" * 330 + "7", "0." + "0" * 226 + "1e-99"])
def test_a_number_that_a_double_makes_nothing_of_is_none_of_them(text: str) -> None:
    """It counts as one beyond doubles, and is kept as it was written."""
    table = json_body(f'{{"data": [0.5, {text}, null]}}'.encode()).table
    assert cells(table) == [[0.5, float("inf"), None]]
    assert table.columns[0].arrow().to_pylist() == ["0.5", text, None]


@pytest.mark.parametrize(
    ("text", "value"), [("0e-400", 0.0), ("-0.0E-999", -0.0), ("5e-324", 5e-324), ("1e-05", 1e-05)]
)
def test_zero_is_zero_however_it_is_written(text: str, value: float) -> None:
    """And the smallest number is one."""
    assert repr(cells(json_body(f'{{"data": [{text}]}}'.encode()).table)) == repr([[value]])


def test_a_byte_order_mark_counts_for_nothing() -> None:
    """Some editors write one."""
    assert json_body(b'\xef\xbb\xbf{"data": [1]}').table.rows == 1
    assert csv_body(b"\xef\xbb\xbfa\n1\n").names == ("a",)


def test_too_many_rows_are_too_many_in_every_format() -> None:
    """The caller says how many are taken at once."""
    stream = BytesIO()
    pq.write_table(pa.table({"a": [1, 2, 3]}), stream)
    with pytest.raises(TooLarge):
        json_body(b'{"data": [1, 2, 3]}', most_rows=2)
    with pytest.raises(TooLarge):
        csv_body(b"a\n1\n2\n3\n", most_rows=2)
    with pytest.raises(TooLarge):
        parquet_body(stream.getvalue(), most_rows=2)


def test_csv_is_text_and_nothing_where_nothing_stands() -> None:
    """An empty cell is no text."""
    table = csv_body(b'a,b\n1,"x, y"\n,z\n')
    assert (table.names, cells(table)) == (("a", "b"), [["1", None], ["x, y", "z"]])
    assert csv_body(b"a,b\n").rows == 0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a,a\n1,2\n",
        b"a,b\n1\n",
        b'a,b\n1,"2\n',
        b"\xff\xfea\x00",
        b"a\n\xff\n",
        b'"a\n1\n',
        b"hunter2,b\n1\n",
        b"hunter2\n\xff\n",
        b"hunter2,b\n\xff\n",
    ],
)
def test_csv_that_is_none_is_refused_without_being_quoted(content: bytes) -> None:
    """Rows that cannot be cut into cells refuse a body, which nobody reads line by line."""
    with pytest.raises(BadTable) as caught:
        csv_body(content)
    assert SECRET not in str(caught.value)


def test_parquet_keeps_its_types_and_what_is_none_is_refused() -> None:
    """Also when it is cut short, or is something else."""
    stream = BytesIO()
    pq.write_table(pa.table({"a": [1, None], "b": ["x", "y"]}), stream)
    table = parquet_body(stream.getvalue())
    assert (table.names, cells(table)) == (("a", "b"), [[1, None], ["x", "y"]])
    for broken in (b"", b"PAR1", stream.getvalue()[:-9], b"PAR1" + stream.getvalue()[20:]):
        with pytest.raises(BadTable):
            parquet_body(broken)


def parquet(**columns: pa.Array) -> bytes:
    stream = BytesIO()
    pq.write_table(pa.table(columns), stream, compression="zstd")
    return stream.getvalue()


def repeated(values: pa.Array, rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), values)


def test_a_few_bytes_that_stand_for_many_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand bytes of Parquet can mean two hundred gigabytes: they are counted before they are written out."""
    bomb = parquet(a=repeated(pa.array(["x" * 1_000_000]), 200_000))
    assert len(bomb) < 2_000
    monkeypatch.setattr(parquet_whole, "MOST_CELLS", 1 << 18)
    for body in (bomb, parquet(a=pa.array([1] * 200_000), b=pa.array([1] * 200_000))):
        with pytest.raises(TooLarge):
            parquet_body(body)
    table = parquet_body(parquet(a=repeated(pa.array(["x", "y"]), 3)))
    assert cells(table) == [["x"] * 3]


@pytest.mark.parametrize("values", [pa.array([[1], [2]]), pa.array([{"a": 1}]), pa.array([b"xx"], pa.binary(2))])
def test_a_column_that_is_no_column_of_cells_is_refused(values: pa.Array) -> None:
    """Lists and the like are nothing that a model takes, and may be of any length."""
    with pytest.raises(BadTable, match="no model takes"):
        parquet_body(parquet(a=values))


class Counted(str):
    """A name that counts how often names are compared."""

    compared = 0
    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__

    def strip(self, *_: object) -> "Counted":
        return self


def test_a_wide_header_is_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each name is not compared with every other: a small body of many columns would hold up everybody else."""
    names = [Counted(f"c{number}") for number in range(2_000)]
    monkeypatch.setattr(csv_rows.csv, "reader", lambda *_, **__: iter([names]))
    csv_body(b"a\n")
    assert Counted.compared < 20 * len(names)


WIDE = [f"c{number}" for number in range(MOST_COLUMNS + 1)]


@pytest.mark.parametrize(
    "said",
    [
        {"dataframe_split": {"columns": WIDE, "data": []}},
        {"dataframe_split": {"data": [WIDE]}},
        {"dataframe_records": [dict.fromkeys(WIDE, 1)]},
        {"dataframe_records": [{name: 1} for name in WIDE]},
        {"inputs": dict.fromkeys(WIDE, 1)},
        {"inputs": {name: [1] for name in WIDE}},
        {"instances": [WIDE]},
    ],
)
def test_more_columns_than_a_model_has_are_too_many(said: dict[str, object]) -> None:
    """Whatever shape they come in; as many as may be are taken."""
    with pytest.raises(TooLarge, match="columns"):
        json_body(json.dumps(said).encode())


def test_rows_without_a_name_in_common_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of nothing but nulls is not built: a few bytes would take more memory than all that may wait."""
    monkeypatch.setattr(shapes, "Column", None)
    for key in ("dataframe_records", "instances", "inputs", "data"):
        with pytest.raises(TooLarge, match="in common"):
            json_body(json.dumps({key: [{f"c{number}": 1} for number in range(8_000)]}).encode())


def test_rows_that_lack_some_names_are_taken() -> None:
    """Also many of them, where each tells its share."""
    said = [{"a": 1}, {"b": 2}] * 100 + [{f"c{number % 30}": 1} for number in range(40_000)]
    table = json_body(json.dumps({"dataframe_records": said}).encode()).table
    assert (len(table.columns), table.rows) == (32, 40_200)


@pytest.mark.parametrize(
    "said", [{"instances": [[1]] * 3}, {"dataframe_split": {"data": [[1]] * 3}}, {"inputs": {"a": [1] * 3}}]
)
def test_rows_are_counted_before_they_are_a_table(monkeypatch: pytest.MonkeyPatch, said: dict[str, object]) -> None:
    """Where that is as easy; columns by name are counted as soon as they are one."""
    if "inputs" not in said:
        monkeypatch.setattr(shapes, "rows", None)
    with pytest.raises(TooLarge, match="3 rows"):
        json_body(json.dumps(said).encode(), most_rows=2)


def test_more_columns_than_a_model_has_are_too_many_in_files() -> None:
    """Of CSV and Parquet alike."""
    with pytest.raises(TooLarge, match="columns"):
        csv_body(",".join(WIDE).encode() + b"\n")
    assert len(csv_body(",".join(WIDE[:-1]).encode() + b"\n").columns) == MOST_COLUMNS
    with pytest.raises(TooLarge, match="columns"):
        parquet_body(parquet(**{name: pa.array([], pa.int8()) for name in WIDE}))
