"""Files cut into rows and cells: what is no row is said with its number, and its neighbours stay."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch.history.files import File, found
from batch.history.pieces import Piece
from batch.history.tables import pieces
from schemas.errors import Usage
from schemas.tables import csv_rows

Text = Callable[..., Path]


def read(path: Path) -> list[Piece]:
    return list(pieces(found([str(path)]), lambda _, names: {name: name for name in names}))


def rows(path: Path, *names: str) -> list[tuple[int, ...]]:
    """Row number and the cells of those columns."""
    return [
        (number, *(values[name] for name in names))
        for piece in read(path)
        for number, values in zip(piece.numbers.tolist(), piece.cells.to_pylist(), strict=True)
    ]


def bad(path: Path) -> list[tuple[int, str, str]]:
    return [(each.number, each.reason.value, each.detail) for piece in read(path) for each in piece.bad]


def test_rows_of_csv_that_are_none(text: Text) -> None:
    """Rows are numbered without the header and blank lines; a quoted cell may hold a line end."""
    path = text("a,b", "1,2", "3", "4,5", "", '6,"x', 'y"', "7,8,9", "10,11")
    assert rows(path, "a", "b") == [(1, "1", "2"), (3, "4", "5"), (4, "6", "x\ny"), (6, "10", "11")]
    assert bad(path) == [
        (2, "invalid_encoding", "1 cells under 2 columns"),
        (5, "invalid_encoding", "3 cells under 2 columns"),
    ]


def test_bad_rows_keep_their_numbers_over_many_blocks(text: Text, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers are right however the file is cut."""
    path = text("a,b", *(f"{number},x" if number % 7 else "broken" for number in range(1, 2_001)))
    monkeypatch.setattr(csv_rows, "BLOCK", 1_000)
    assert len(read(path)) > 5
    assert all(str(number) == cell for number, cell in rows(path, "a"))
    assert sorted(number for number, *_ in bad(path)) == list(range(7, 2_001, 7))


def test_cells_that_are_not_utf8(text: Text) -> None:
    """Only their rows are refused."""
    path = text("a,b", "1,ä", "2,b", encoding="latin-1")
    assert rows(path, "a") == [(2, "2")]
    assert bad(path) == [(1, "invalid_utf8", "column b")]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_are_seen_in_the_header(text: Text, separator: str) -> None:
    """The first line tells what separates cells; a comma in a cell is then nothing special."""
    assert rows(text(f"a{separator}b", f"1{separator}2,5"), "a", "b") == [(1, "1", "2,5")]


def test_marks_and_ends_of_lines(text: Text) -> None:
    """A byte order mark and carriage returns are no part of names and cells."""
    assert rows(text("\ufeffa,b\r", "1,2\r"), "a", "b") == [(1, "1", "2")]


def test_quotes_that_are_part_of_the_text(text: Text) -> None:
    """They need not come in pairs."""
    assert rows(text("a,b", '5" pipe,x', '"say ""yes""",y'), "a") == [(1, '5" pipe'), (2, 'say "yes"')]


def test_packed_text(tmp_path: Path) -> None:
    """What ends in .gz is unpacked on the way."""
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"a\n1\n"))
    (tmp_path / "t.jsonl.gz").write_bytes(gzip.compress(b'{"a": "1"}\n'))
    assert rows(tmp_path / "t.csv.gz", "a") == rows(tmp_path / "t.jsonl.gz", "a") == [(1, "1")]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", "a,b\n1,2\n".encode("utf-16"), "is UTF-16"),
        ("t.csv", "a,b\n1,2\n".encode("utf-16-le"), "is UTF-16"),
        ("t.jsonl", '{"a": 1}\n'.encode("utf-16"), "is UTF-16"),
        ("t.csv", b"", "no header"),
        ("t.csv", b"\n1,2\n", "no header"),
        ("t.csv", b"a,a\n1,2\n", "two columns are called a"),
        ("t.csv", b"\xe4,b\n1,2\n", "header is not UTF-8"),
        ("t.csv", b'"a,b\n1,2\n', "not CSV"),
        ("t.csv", b'a,b\n1,2\n3,"4\n5,6\n', "not closed up to the end"),
        ("t.csv", b'a,b\n1,2\n"3,4\n5,6\n7,8\n', "row 2: a quote is not closed"),
        ("t.jsonl", b"", "is empty"),
        ("t.jsonl", b"\n\n", "is empty"),
        ("t.parquet", b"", "cannot be read"),
        ("t.parquet", b"PAR1 but no more", "cannot be read"),
        ("t.avro", b"Obj\x01 but no more", "cannot be read"),
        ("t.csv.gz", b"not packed", "cannot be read"),
    ],
)
def test_files_that_are_none(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    """The file is named, with what to do."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Usage, match=said) as caught:
        read(tmp_path / name)
    assert name in caught.value.message
    assert caught.value.fix


def test_half_a_parquet_file(tmp_path: Path) -> None:
    """It is refused as a whole."""
    pq.write_table(pa.table({"a": list(range(10_000))}), tmp_path / "t.parquet")
    content = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "t.parquet").write_bytes(content[: len(content) // 2])
    with pytest.raises(Usage, match=r"cannot be read after row 0"):
        read(tmp_path / "t.parquet")


def test_lines_of_json_that_are_none(text: Text) -> None:
    """Blank lines count for nothing, others are rows."""
    path = text('{"a": "x"}', "", "{", "[1]", '{"a": NaN}', '{"a": "y"}', name="t.jsonl")
    assert rows(path, "a") == [(1, "x"), (5, "y")]
    assert [(number, reason) for number, reason, _ in bad(path)] == [(each, "invalid_json") for each in (2, 3, 4)]


def test_values_of_several_types_become_text(text: Text) -> None:
    """A column of JSON need not be of one type."""
    path = text('{"a": 1}', '{"a": "x"}', '{"a": true}', '{"a": 1.5}', "{}", name="t.jsonl")
    assert rows(path, "a") == [(1, "1"), (2, "x"), (3, "true"), (4, "1.5"), (5, None)]


def test_only_wanted_columns_are_read(tmp_path: Path) -> None:
    """What nobody asks for may be of any type."""
    pq.write_table(pa.table({"a": [1], "b": [{"x": 1}]}), tmp_path / "t.parquet")
    (piece,) = pieces(
        [File(tmp_path / "t.parquet", found([str(tmp_path / "t.parquet")])[0].format)], lambda *_: {"f": "a"}
    )
    assert piece.cells.schema.names == ["a"]
