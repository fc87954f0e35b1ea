"""Customer files of any origin, row by row: ids stay what they are, and what cannot be used is told with its place."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch.customers.customers import Some, columns_of, customers
from batch.history import stores
from batch.history.files import found
from schemas.errors import DependencyAway, Usage
from schemas.tables import csv_rows

Write = Callable[[str, bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return put


def read(*names: object, key: str = "id", columns: list[str] | None = None) -> list[Some]:
    return list(customers(found([str(name) for name in names]), key, columns))


def ids(parts: list[Some]) -> list[str]:
    return [each for part in parts for each in part.ids.to_pylist()]


def test_ids_stay_as_they_are_written(write: Write) -> None:
    """Leading zeros, letters, quoted line ends beside them, a byte order mark before the header."""
    path = write("c.csv", b'\xef\xbb\xbfid,note,plan\n0101,"two\nlines",a\n7590-VHVEG,,b\n\n12,x,c\n')
    [part] = read(path)
    assert ids([part]) == ["0101", "7590-VHVEG", "12"]
    assert part.rows.schema.names == ["id", "note", "plan"]
    assert part.rows["note"].to_pylist() == ["two\nlines", "", "x"]
    assert [part.place(row) for row in range(3)] == [f"{path} row {number}" for number in (1, 2, 3)]


@pytest.mark.parametrize("style", ["csv", "jsonl", "parquet"])
def test_the_formats_say_the_same(write: Write, tmp_path: Path, style: str) -> None:
    """A number is the id that its digits are, whatever a table made of it."""
    path = tmp_path / f"c.{style}"
    if style == "parquet":
        pq.write_table(pa.table({"id": [7.0, None, 12.0], "v": [1.5, None, 2.0]}), path)
    elif style == "csv":
        write(path.name, b"id,v\n7.0,1.5\n,\n12,2.0\n")
    else:
        write(path.name, b'{"id": 7, "v": 1.5}\n{"v": null}\n{"id": 12, "v": 2}\n')
    parts = read(path)
    assert ids(parts) == ["7", "12"]
    assert [(each.place, each.reason) for part in parts for each in part.rejects] == [
        (f"{path} row 2", "missing_field")
    ]
    assert sum(part.read for part in parts) == 3


def test_unusable_ids_are_refused_with_place_and_reason(write: Write) -> None:
    """And their neighbours are read; of several faults of a row one is told."""
    long = b"x" * 65
    path = write("c.csv", b"id,v\n1,a\n  ,b\n1.5,c\n" + long + b",d\n2\n\xff,e\n3,f\n")
    parts = read(path)
    assert ids(parts) == ["1", "3"]
    assert [part.numbers.tolist() for part in parts] == [[1, 7]]
    assert [(each.place.rpartition(" ")[2], each.reason) for each in parts[0].rejects] == [
        ("2", "missing_field"),
        ("3", "wrong_type"),
        ("4", "too_long"),
        ("5", "invalid_encoding"),
        ("6", "invalid_utf8"),
    ]


def test_rows_are_numbered_across_pieces(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each place is that of the file, wherever the reader cut it."""
    monkeypatch.setattr(csv_rows, "BLOCK", 1_000)
    path = write("c.csv", b"id,v\n" + b"".join(b"%d,%d\n" % (n if n % 7 else 0, n) for n in range(1, 2_000)))
    parts = read(path)
    assert len(parts) > 5
    numbers = [number for part in parts for number in part.numbers.tolist()]
    assert numbers == [int(value) for part in parts for value in part.rows["v"].to_pylist()]


def test_only_what_is_wanted_is_read(write: Write) -> None:
    """Columns that a file has not are named, and nothing is read."""
    path = write("c.csv", b"id,a,b\n1,2,3\n")
    [part] = read(path, columns=["b"])
    assert part.rows.schema.names == ["id", "b"]
    with pytest.raises(Usage, match=r"has no column c, d"):
        read(path, columns=["c", "b", "d"])
    with pytest.raises(Usage, match=r"has no column customer"):
        read(path, key="customer")
    assert columns_of(found([str(path)])[0]) == ["id", "a", "b"]


def test_a_file_without_rows_has_no_customers(write: Write) -> None:
    """A header alone is a table all the same."""
    path = write("c.csv", b"id,a\n")
    assert sum(part.read for part in read(path)) == 0
    with pytest.raises(Usage, match="no column nobody"):
        read(path, key="nobody")


def test_a_folder_and_an_address_are_read_file_by_file(write: Write, tmp_path: Path) -> None:
    """An object store is asked through its address, and its files are told by it."""
    write("many/a.csv.gz", pa.compress(b"id\n1\n", "gzip", asbytes=True))
    write("many/b.csv", b"id\n2\n\n")
    write("many/_done", b"")
    assert ids(read(tmp_path / "many")) == ["1", "2"]
    stored = read(f"file://{tmp_path}/many")
    assert ids(stored) == ["1", "2"]
    assert stored[1].place(0) == f"local://{tmp_path}/many/b.csv row 1"
    pq.write_table(pa.table({"id": ["x"]}), tmp_path / "c.parquet")
    assert ids(read(f"file://{tmp_path}/c.parquet")) == ["x"]
    write("d.jsonl", b'{"id": "y"}\n')
    assert ids(read(f"file://{tmp_path}/d.jsonl")) == ["y"]


def test_an_address_that_leads_nowhere_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the password in it; a store that does not answer is a dependency that is away."""
    with pytest.raises(Usage, match="there is nothing"):
        read(f"file://{tmp_path}/nowhere")
    with pytest.raises(Usage, match=r"warehouse:.*no address"):
        read("warehouse://somewhere/customers")

    def away(_: str) -> None:
        raise OSError("timed out")

    monkeypatch.setattr(stores, "fs", SimpleNamespace(FileSystem=SimpleNamespace(from_uri=away)))
    with pytest.raises(DependencyAway, match=r"s3://me:\*+@store/x.csv does not answer: timed out"):
        read("s3://me:secret@store/x.csv")
