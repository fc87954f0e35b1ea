"""Files in pieces: the same rows whatever the format and wherever the pieces end."""

import gzip
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables import BadTable, Format, Lying, Table, csv_rows, files, json_rows, pieces, walk

ROWS = [{"a": number, "b": f"ä{number}"} for number in range(50)]


def read(path: Path, form: Format = Format.JSON) -> list[Table]:
    return list(pieces(Lying(path), form))


def rows_of(tables: list[Table]) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for table in tables:
        cells = [each.cells.to_pylist() if isinstance(each.cells, pa.Array) else each.cells for each in table.columns]
        found += zip(*cells, strict=True)
    return found


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is read in the smallest pieces."""
    monkeypatch.setattr(walk, "READ", 7)
    monkeypatch.setattr(json_rows, "ROWS", 3)
    monkeypatch.setattr(files, "ROWS", 3)


WRITTEN = {
    "records": json.dumps({"dataframe_records": ROWS}),
    "split": json.dumps({"dataframe_split": {"columns": ["a", "b"], "data": [list(each.values()) for each in ROWS]}}),
    "names behind": json.dumps(
        {"dataframe_split": {"index": [1, [2]], "data": [list(each.values()) for each in ROWS], "columns": ["a", "b"]}}
    ),
    "bare split": json.dumps({"columns": ["a", "b"], "data": [list(each.values()) for each in ROWS]}),
    "bare": json.dumps(ROWS, indent=2, ensure_ascii=False),
    "lines": "\n\n".join(json.dumps(each) for each in ROWS),
    "data": json.dumps({"params": {"x": [1]}, "data": ROWS}),
    "columns": json.dumps({"inputs": {"a": [each["a"] for each in ROWS], "b": [each["b"] for each in ROWS]}}),
}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("how", WRITTEN)
def test_json_of_every_shape_is_read_in_pieces(how: str, tmp_path: Path) -> None:
    """However it is said, and wherever a read ends, in the middle of a character too."""
    path = tmp_path / "rows.json"
    path.write_text(WRITTEN[how])
    tables = read(path)
    assert rows_of(tables) == [tuple(each.values()) for each in ROWS]
    assert {each.names for each in tables} == {("a", "b")}
    assert [number for each in tables for number in each.numbers.tolist()] == list(range(1, 51))
    assert len(tables) > 10 or how == "columns"


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("how", WRITTEN)
def test_json_that_is_cut_short_is_refused(how: str, tmp_path: Path) -> None:
    """Whoever reads on after a cut would take half a file for a whole one."""
    path = tmp_path / "rows.json"
    path.write_text(WRITTEN[how][:-3])
    if how == "lines":
        assert [each.number for table in read(path) for each in table.bad] == [50]
        return
    with pytest.raises(BadTable, match=r"rows\.json"):
        read(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "[1, 2]]",
        '{"data": [1], "inputs": [1]}',
        '{"data": [1], "data": [1]}',
        '{"instances": [1], "more": 2}',
        '{"dataframe_split": {"columns": ["a"]}}',
        '{"dataframe_split": {"data": [[1]], "data": [[1]]}}',
        '{"dataframe_records": [1]}',
        "[NaN]",
        "[1, [2]]",
        '[{"a": 1, "a": 2}]',
    ],
)
def test_json_that_is_no_table_is_refused_by_name(text: str, tmp_path: Path) -> None:
    """The file is named, and what is wrong with it."""
    path = tmp_path / "rows.json"
    path.write_text(text)
    with pytest.raises(BadTable, match=r"rows\.json"):
        read(path)


@pytest.mark.usefixtures("small")
def test_lines_that_are_no_json_are_bad_and_the_others_count(tmp_path: Path) -> None:
    """Rows keep their numbers, and a name that a later row lacks is null there."""
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1, "b": 2}\nnonsense\n{"a": 3, "b": 4}\n[5]\n{"a": 6}\n{"a": 7}\n{"c": 8}\n')
    tables = read(path)
    assert rows_of(tables[:1]) == [(1, 2), (3, 4)]
    assert [each.number for table in tables for each in table.bad] == [2, 4]
    assert [number for table in tables for number in table.numbers.tolist()] == [1, 3, 5, 6, 7]
    assert all({"a", "b"} <= set(table.names or ()) for table in tables)


def test_csv_and_parquet_come_in_pieces_with_the_numbers_of_their_rows(tmp_path: Path, small: None) -> None:
    """What gzip packed comes out whole, and a row of another width is bad."""
    packed = tmp_path / "rows.csv.gz"
    packed.write_bytes(gzip.compress(b"a,b\n1,2\n3\n4,5\n"))
    [table] = read(packed, Format.CSV)
    assert (rows_of([table]), table.numbers.tolist(), [each.number for each in table.bad]) == (
        [("1", "2"), ("4", "5")],
        [1, 3],
        [2],
    )
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "rows.parquet")
    tables = read(tmp_path / "rows.parquet", Format.PARQUET)
    assert rows_of(tables) == [tuple(each.values()) for each in ROWS]
    assert tables[1].numbers.tolist() == [4, 5, 6]


@dataclass(frozen=True)
class Watched:
    """A file of which is known how far it was read."""

    path: Path
    streams: list[BinaryIO] = field(default_factory=list)
    told: bool = True

    def open(self) -> BinaryIO:
        self.streams.append(self.path.open("rb"))
        return self.streams[-1]

    def far(self) -> int:
        return max(each.tell() for each in self.streams if not each.closed)


@pytest.mark.parametrize("form", [Format.CSV, Format.JSON])
def test_no_more_of_a_file_is_held_than_a_few_pieces(
    form: Format, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the first rows are there, most of a file has not been read."""
    monkeypatch.setattr(csv_rows, "BLOCK", 1 << 13)
    monkeypatch.setattr(csv_rows, "HEAD", 1 << 13)
    rows = 100_000
    lines = (f"{number},{number}" for number in range(rows))
    text = "a,b\n" + "\n".join(lines) if form is Format.CSV else "[" + ",".join(f"[{each}]" for each in lines) + "]"
    path = tmp_path / f"rows.{form}"
    path.write_text(text)
    watched = Watched(path)
    found = pieces(watched, form)  # type: ignore[arg-type]
    first = next(found)
    assert 0 < first.rows < rows / 4
    assert watched.far() < path.stat().st_size / 2
    assert first.rows + sum(each.rows for each in found) == rows


def test_a_row_that_is_no_utf8_is_bad_whatever_else_is_wrong_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its neighbours count, and characters that end in the next block are whole."""
    path = tmp_path / "rows.csv"
    rows = [b"%d,\xc3\xa4" % number for number in range(40)]
    rows[3], rows[20], rows[30] = b"\xff", b"20,\xfe", b"30,b,\xfd"
    path.write_bytes(b"\n".join([b"a,b", *rows, b""]))
    for block in (1 << 20, 32):
        monkeypatch.setattr(csv_rows, "BLOCK", block)
        tables = read(path, Format.CSV)
        assert [each.number for table in tables for each in table.bad] == [4, 21, 31]
        assert {each.reason for table in tables for each in table.bad if each.number == 21} == {"invalid_utf8"}
        assert all(cells[1] == "ä" for cells in rows_of(tables))
        assert len(rows_of(tables)) == 37


def test_a_file_of_bad_rows_alone_tells_of_them(tmp_path: Path) -> None:
    """Nothing is lost because nothing is good."""
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n1\n2\n")
    assert [each.number for table in read(path, Format.CSV) for each in table.bad] == [1, 2]


@pytest.mark.parametrize(("form", "content"), [(Format.CSV, b"a,b\n"), (Format.JSON, b"[]")])
def test_a_file_without_rows_still_says_its_columns(form: Format, content: bytes, tmp_path: Path) -> None:
    """There is one table at least."""
    path = tmp_path / "rows"
    path.write_bytes(content)
    [table] = read(path, form)
    assert table.rows == 0
    assert table.names == (("a", "b") if form is Format.CSV else None)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(items=st.lists(st.lists(VALUES, min_size=2, max_size=2), max_size=9), size=st.integers(1, 40))
def test_any_values_are_walked_through_as_they_are(
    items: list[object], size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A document in pieces is what it is as a whole, wherever a read ends."""
    path = tmp_path_factory.mktemp("any") / "rows.json"
    path.write_text(json.dumps(items), encoding="utf-8", errors="surrogatepass")
    before, walk.READ = walk.READ, size  # type: ignore[misc]
    try:
        found = rows_of(read(path))
    finally:
        walk.READ = before  # type: ignore[misc]
    assert found == [tuple(each) for each in items]  # type: ignore[arg-type]
