"""Files through a model: nothing is lost, nothing is half there, the order stays."""

import csv
import hashlib
import io
import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch.predicting import run as runs
from batch.predicting import writing
from batch.predicting.rejects import Reject, Rejects
from batch.predicting.run import Done, Job, run
from batch.predicting.ways import Answer
from models.predicting.signature import Column, Signature, Type
from models.predicting.taking import take
from schemas.errors import DependencyAway, Usage
from schemas.tables import Format, Lying, Table, csv_rows, files, json_rows

PAIR = Signature("numbers", (Column("a", Type.DOUBLE), Column("b", Type.INTEGER)))


class Sums:
    """A model that adds its two columns up: what is beside a row cannot matter."""

    names = ("prediction", "score")

    def beside(self, table: Table) -> list[int]:
        return PAIR.beside(table)

    def answer(self, table: Table) -> Answer:
        taken = take(PAIR, table)
        sums = taken.rows.sum(axis=1) if len(taken) else np.zeros(0)
        columns = {"prediction": pa.array(sums > 0), "score": pa.array(sums, pa.float64())}
        refused = [Reject(each.row, each.column, str(each.code), each.message) for each in taken.refused]
        return Answer(taken.kept, columns, refused)


Go = Callable[..., Done]


@pytest.fixture
def go(tmp_path: Path) -> Go:
    def go(name: str, content: str | bytes, out: str, way: Any = None) -> Done:
        source = tmp_path / name
        source.write_bytes(content if isinstance(content, bytes) else content.encode())
        forms = {".csv": Format.CSV, ".json": Format.JSON, ".parquet": Format.PARQUET}
        output = tmp_path / out
        job = Job(Lying(source), forms[source.suffix], output, forms[output.suffix], tmp_path / "rejects.jsonl")
        return run(job, way or Sums(), lambda _what, _rows: None)

    return go


def rejects(folder: Path) -> list[dict[str, Any]]:
    path = folder / "rejects.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_csv_keeps_what_the_model_does_not_take(go: Go, tmp_path: Path) -> None:
    """As it was written, before prediction and score."""
    done = go("in.csv", 'id,a,name,b\n007,1.5,"x, ""y""",2\n,-9,ä,3\n', "out.csv")
    assert (done.read, done.written, done.rejects.total) == (2, 2, 0)
    with (tmp_path / "out.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["id", "name", "prediction", "score"],
            ["007", 'x, "y"', "true", "3.5"],
            ["", "ä", "false", "-6.0"],
        ]
    assert done.sha256 == hashlib.sha256((tmp_path / "out.csv").read_bytes()).hexdigest()
    assert not (tmp_path / "rejects.jsonl").exists()


KEPT: list[tuple[pa.Array, list[str]]] = [
    (pa.array([True, None]), ["true", ""]),
    (pa.array([b"ab", None]), ["ab", ""]),
    (pa.array(["\u00e4".encode(), b"xy"], pa.binary(2)), ["\u00e4", "xy"]),
    (pa.array([b"ab", None], pa.large_binary()).dictionary_encode(), ["ab", ""]),
    (pa.array([{"a": 1, "b": b"x"}, None]), ['{"a":1,"b":"x"}', ""]),
    (pa.array([[date(2026, 1, 2), None], []]), ['["2026-01-02",null]', "[]"]),
    (pa.array([[float("nan"), 0.5], None]), ["[null,0.5]", ""]),
]


@pytest.mark.parametrize(("kept", "said"), KEPT, ids=lambda each: str(getattr(each, "type", "")))
def test_csv_keeps_columns_of_any_type_as_text_that_others_read(
    kept: pa.Array, said: list[str], go: Go, tmp_path: Path
) -> None:
    """Nothing for null, texts for bytes that are text, JSON for values that hold others."""
    go("in.parquet", parquet(kept), "out.csv")
    with (tmp_path / "out.csv").open(newline="") as file:
        assert [each["kept"] for each in csv.DictReader(file)] == said


@pytest.mark.parametrize("kept", [pa.array([b"\xff\xfe", b"a"]), pa.array([[b"\xff"], []])], ids=["flat", "nested"])
def test_bytes_that_are_no_text_are_not_made_csv_of(kept: pa.Array, go: Go, tmp_path: Path) -> None:
    """Parquet keeps them."""
    with pytest.raises(Usage, match="the column kept has bytes that are no text"):
        go("in.parquet", parquet(kept), "out.csv")
    assert not (tmp_path / "out.csv").exists()
    go("in.parquet", parquet(kept), "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet")["kept"].combine_chunks() == kept


def parquet(kept: pa.Array) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table({"kept": kept, "a": [1.5] * len(kept), "b": [2] * len(kept)}), stream)
    return stream.getvalue()


@pytest.mark.parametrize("between", ["\n", "," + " " * 300_000])
def test_a_number_that_would_become_zero_is_a_reject(between: str, go: Go, tmp_path: Path) -> None:
    """Wherever it stands in a file of JSON, in lines or in a list."""
    rows = between.join(['{"a": 1, "b": 2, "c": 1e-400}', '{"a": 1e-400, "b": 2}', '{"a": 0e-400, "b": 2}'])
    done = go("in.json", rows if between == "\n" else f"[{rows}]", "out.csv")
    assert [(each["row"], each["reason"]) for each in rejects(tmp_path)] == [(2, "out_of_range")]
    assert (tmp_path / "out.csv").read_text().splitlines()[1:] == ["1e-400,true,3.0", ",true,2.0"]
    assert done.written == 2


@pytest.mark.parametrize("out", ["out.csv", "out.parquet"])
def test_what_json_nests_is_kept_as_json(out: str, go: Go, tmp_path: Path) -> None:
    """As it was said, whatever the rows beside it say."""
    go("in.json", '[{"a": 1, "b": 2, "kept": {"x": [1]}}, {"a": 1, "b": 2, "kept": {"y": null}}]', out)
    path = tmp_path / out
    found = (
        pq.read_table(path).to_pylist()
        if out.endswith("parquet")
        else list(csv.DictReader(io.StringIO(path.read_text())))
    )
    assert [each["kept"] for each in found] == ['{"x":[1]}', '{"y":null}']


def test_json_is_the_predictions_alone_and_parquet_keeps_its_types(go: Go, tmp_path: Path) -> None:
    """As MLflow answers; ids of Parquet stay what they were."""
    go("in.csv", "id,a,b\nx,1,2\ny,-9,3\n", "out.json")
    assert (tmp_path / "out.json").read_text() == '{"predictions": [true, false]}\n'
    stream = io.BytesIO()
    pq.write_table(pa.table({"id": pa.array([7, None], pa.int16()), "a": [1.0, 2.0], "b": [1, 2]}), stream)
    go("in.parquet", stream.getvalue(), "out.parquet")
    written = pq.read_table(tmp_path / "out.parquet")
    assert written.schema.types == [pa.int16(), pa.bool_(), pa.float64()]
    assert written.to_pylist()[0] == {"id": 7, "prediction": True, "score": 2.0}


def test_rows_out_and_rejects_are_rows_in(go: Go, tmp_path: Path) -> None:
    """Each reject by its row in the file, in order, with its reason and without its cell."""
    text = "id,a,b\n1,1,1\n2,hunter2,1\n3,1\n4,1,1.5\n5,,1\n6,1e400,1\n7,2,2\n"
    done = go("in.csv", text, "out.csv")
    assert (done.read, done.written, done.rejects.total) == (7, 2, 5)
    assert [(each["row"], each["column"], each["reason"]) for each in rejects(tmp_path)] == [
        (2, "a", "wrong_type"),
        (3, None, "invalid_encoding"),
        (4, "b", "wrong_type"),
        (5, "a", "missing"),
        (6, "a", "out_of_range"),
    ]
    assert "hunter2" not in (tmp_path / "rejects.jsonl").read_text()
    assert [line.split(",")[0] for line in (tmp_path / "out.csv").read_text().splitlines()] == ["id", "1", "7"]


def test_rejects_of_an_earlier_run_are_taken_away(go: Go, tmp_path: Path) -> None:
    """Whoever finds some could not tell of which run they are."""
    go("in.csv", "a,b\nx,1\n", "out.csv")
    assert rejects(tmp_path)
    go("in.csv", "a,b\n1,1\n", "out.csv")
    assert not (tmp_path / "rejects.jsonl").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("in.csv", 'a,b\n1,2\n3,"4\n'),
        ("in.csv", "a,c\n1,2\n"),
        ("in.csv", ""),
        ("in.json", '[{"a": 1, "b": 2}'),
        ("in.json", '{"data": [[1, 2], [1, 2, 3]]}'),
        ("in.parquet", b"PAR1 no more"),
        ("in.csv", "a,b,score\n1,2,3\n"),
    ],
)
def test_an_input_that_breaks_leaves_what_was_there_before(name: str, content: Any, go: Go, tmp_path: Path) -> None:
    """Neither half an output nor anything beside it; the file is named."""
    (tmp_path / "out.csv").write_text("before")
    with pytest.raises(Usage, match=name):
        go(name, content, "out.csv")
    assert (tmp_path / "out.csv").read_text() == "before"
    assert sorted(each.name for each in tmp_path.iterdir()) == [name, "out.csv"]


def test_a_full_disk_leaves_what_was_there_before(go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said which file could not be written."""
    (tmp_path / "out.csv").write_text("before")

    def full(_descriptor: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DependencyAway, match="No space left"):
        go("in.csv", "a,b\n1,2\n", "out.csv")
    monkeypatch.undo()
    assert (tmp_path / "out.csv").read_text() == "before"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["in.csv", "out.csv"]


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_disk_that_is_full_half_way_is_told_by_the_name_of_the_output(
    form: str, go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever library was writing."""

    def full(_self: object, _data: object) -> int:
        raise OSError(28, os.strerror(28))

    class Full(io.BytesIO):
        write = full  # type: ignore[assignment]

    @contextmanager
    def nowhere(_output: object) -> Iterator[io.BytesIO]:
        yield Full()

    monkeypatch.setattr(runs, "_output", nowhere)
    monkeypatch.setattr(writing, "GROUP", 1)
    with pytest.raises(DependencyAway, match=rf"out\.{form} could not be written: No space left"):
        go("in.csv", "a,b\n" + "1,2\n" * 5_000, f"out.{form}")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["in.csv"]


def test_an_empty_file_has_an_empty_output(go: Go, tmp_path: Path) -> None:
    """Of every format, one that can be read."""
    go("in.csv", "id,a,b\n", "out.csv")
    assert (tmp_path / "out.csv").read_text() == "id,prediction,score\n"
    go("in.csv", "id,a,b\n", "out.json")
    assert json.loads((tmp_path / "out.json").read_text()) == {"predictions": []}
    go("in.csv", "id,a,b\n", "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").schema.names == ["id", "prediction", "score"]


def test_ids_that_change_their_type_are_texts_in_csv_and_refused_in_parquet(
    go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JSON says the type of each cell, Parquet one of the column."""
    monkeypatch.setattr(json_rows, "ROWS", 2)
    text = json.dumps([{"id": each, "a": 1, "b": 1} for each in (1, 2, "x")])
    go("in.json", text, "out.csv")
    assert (tmp_path / "out.csv").read_text().splitlines()[1:] == ["1,true,2.0", "2,true,2.0", "x,true,2.0"]
    with pytest.raises(Usage, match="column id is of type int64"):
        go("in.json", text, "out.parquet")


def test_first_rejects_are_told_and_all_are_counted() -> None:
    """Of a thousand nobody reads more than a few."""
    found = Rejects()
    found.add([Reject(row, "a", "wrong_type", "the cell is not a number") for row in range(1, 1_001)], ())
    assert found.total == 1_000
    assert found.told().count("\n") == 5


CELL = st.sampled_from(["1", "2.5", "-3", "", "x", "1e400", "99999999999", "true"])


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(CELL, CELL), max_size=30), form=st.sampled_from(["csv", "json", "parquet"]))
def test_whatever_the_file_every_row_is_accounted_for(
    rows: list[tuple[str, str]], form: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Rows in are rows out and rejects, and the rows out are in order, each with its own answer."""
    folder = tmp_path_factory.mktemp("any")
    content, good = _written(rows, form)
    (folder / f"in.{form}").write_bytes(content)
    before = json_rows.ROWS, files.ROWS, csv_rows.BLOCK
    json_rows.ROWS = files.ROWS = random.Random(len(rows)).randint(1, 9)  # type: ignore[misc]
    try:
        job = Job(Lying(folder / f"in.{form}"), Format(form), folder / "o.csv", Format.CSV, folder / "rejects.jsonl")
        done = run(job, Sums(), lambda _what, _rows: None)
    finally:
        json_rows.ROWS, files.ROWS, csv_rows.BLOCK = before  # type: ignore[misc]
    with (folder / "o.csv").open(newline="") as file:
        written = [(int(each["id"]), float(each["score"])) for each in csv.DictReader(file)]
    assert written == good
    refused = [each["row"] - 1 for each in rejects(folder)]
    assert sorted([each for each, _ in good] + refused) == list(range(len(rows)))
    assert (done.read, done.written, done.rejects.total) == (len(rows), len(good), len(refused))


def _written(rows: list[tuple[str, str]], form: str) -> tuple[bytes, list[tuple[int, float]]]:
    """The file, and which of its rows have which sum."""
    values = {"1": 1, "2.5": 2.5, "-3": -3, "99999999999": 99999999999}
    whole = {"1", "-3"}
    good = [(at, float(values[a] + values[b])) for at, (a, b) in enumerate(rows) if a in values and b in whole]
    if form == "csv":
        return "".join(["id,a,b\n", *(f"{at},{a},{b}\n" for at, (a, b) in enumerate(rows))]).encode(), good
    if form == "json":
        said = [f'{{"id": {at}, "a": {_json(a)}, "b": {_json(b)}}}' for at, (a, b) in enumerate(rows)]
        return f"[{','.join(said)}]".encode(), good
    doubles = [[values.get(each, np.inf if each else None) for each in column] for column in zip(*rows, strict=True)]
    stream = io.BytesIO()
    columns = [pa.array(range(len(rows)), pa.int64()), *(pa.array(each, pa.float64()) for each in doubles or ([], []))]
    pq.write_table(pa.table(columns, names=["id", "a", "b"]), stream)
    return stream.getvalue(), good


def _json(cell: str) -> str:
    return {"": "null", "x": '"x"'}.get(cell, cell)
