"""A whole table of customers: one row for each id, whatever the files and their cells are like."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch.customers.table import Whole, whole
from batch.history.files import found
from batch.history.rejects import Rejects
from schemas.errors import Usage


def read(*paths: Path, key: str | None = None, rejects: Rejects | None = None) -> Whole:
    return whole(found([str(path) for path in paths]), key, ["left"], rejects or Rejects(1.0))


def text(path: Path, content: str) -> Path:
    path.write_text(content)
    return path


def test_the_first_row_of_an_id_is_kept(tmp_path: Path) -> None:
    """Also across files; the others are told."""
    first = text(tmp_path / "a.csv", "id,v,left\nx1,1,no\nx2,2,no\nx1,3,yes\n")
    second = text(tmp_path / "b.csv", "id,v,left\nx3,4,no\nx2,5,yes\n")
    rejects = Rejects(1.0)
    table = read(first, second, rejects=rejects)
    assert table.rows["v"].to_pylist() == ["1", "2", "4"]
    assert [each.place for each in rejects.first] == [f"{first} row 3", f"{second} row 2"]
    assert rejects.counted() == "duplicate_id 2"
    assert (table.key, table.read) == ("id", 5)
    with pytest.raises(Usage, match="2 of 5 rows cannot be used"):
        read(first, second, rejects=Rejects(0.1))


def test_columns_of_several_types_become_one(tmp_path: Path) -> None:
    """Numbers stay numbers, anything else is as it would be written, and what a file lacks is blank."""
    rows = [{"id": "a", "n": 1, "m": 1}, {"id": "b", "n": 2.5, "m": "x", "more": True}]
    for row, each in enumerate(rows):
        pq.write_table(pa.Table.from_pylist([each]), tmp_path / f"{row}.parquet")
    table = read(tmp_path / "0.parquet", tmp_path / "1.parquet", key="id")
    assert table.rows["n"].to_pylist() == [1.0, 2.5]
    assert table.rows["m"].to_pylist() == ["1", "x"]
    assert table.rows["more"].to_pylist() == [None, True]


def test_without_ids_each_row_is_a_customer(tmp_path: Path) -> None:
    """Called by its place."""
    table = read(text(tmp_path / "a.csv", "v,left\n1,no\n1,no\n2,yes\n"))
    assert table.key is None
    assert len(set(table.numbers.tolist())) == 3


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    """By name."""
    with pytest.raises(Usage, match=r"a.csv: there are no customers"):
        read(text(tmp_path / "a.csv", "id,left\n"))
