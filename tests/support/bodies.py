"""Bodies that a model's door may be sent, with the status each gets, by model; shared with the run beside MLflow.

`differs` names the row of the table of differences that says why MLflow answers otherwise.
"""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from support.served import IRIS, LOAN

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
COLUMNS: Mapping[str, list[str]] = {"iris": list(IRIS), "reviews": ["text"], "loans": list(LOAN)}
ROWS: Mapping[str, list[list[Any]]] = {
    "iris": [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3], [5.9, 3.0, 4.2, 1.5]],
    "reviews": [["Great movie"], ["Terrible plot"], ["Fantastic film, I loved it"]],
    "loans": [[30, 50_000.5, True], [61, 12_000.25, False], [44, 39_000.75, True]],
}
MODELS = tuple(COLUMNS)

Made = bytes | str | dict[str, Any] | list[Any]


@dataclass(frozen=True)
class Body:
    """`status` is that of each model, or of all. `headers` replace the Content-Type where they name it."""

    name: str
    made: Callable[[str], Made]
    status: int | Mapping[str, int] = 200
    kind: str | None = JSON
    differs: str = ""
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    rows: int | None = None

    def content(self, model: str) -> bytes:
        made = self.made(model)
        if isinstance(made, bytes):
            return made
        return made.encode() if isinstance(made, str) else json.dumps(made).encode()

    def expected(self, model: str) -> int:
        return self.status if isinstance(self.status, int) else self.status.get(model, 200)

    def sent(self) -> dict[str, str]:
        return {**({"content-type": self.kind} if self.kind else {}), **self.headers}


def columns(model: str) -> list[str]:
    return COLUMNS[model]


def rows(model: str) -> list[list[Any]]:
    return ROWS[model]


def records(model: str) -> list[dict[str, Any]]:
    return [dict(zip(columns(model), row, strict=True)) for row in rows(model)]


def lists(model: str) -> dict[str, list[Any]]:
    return {name: list(cells) for name, cells in zip(columns(model), zip(*rows(model), strict=True), strict=True)}


def split(model: str, **changes: Any) -> dict[str, Any]:
    return {"dataframe_split": {"columns": columns(model), "data": rows(model), **changes}}


def first(model: str, cell: Any) -> list[list[Any]]:
    """With that cell at the beginning of the second row."""
    found = [list(row) for row in rows(model)]
    found[1][0] = cell
    return found


def last(model: str, cell: Any) -> list[list[Any]]:
    found = [list(row) for row in rows(model)]
    found[1][-1] = cell
    return found


def written(model: str, cell: str) -> str:
    """A JSON text with that, as it stands, in place of a cell."""
    return json.dumps({"inputs": first(model, "CELL")}).replace('"CELL"', cell)


def csv(model: str, names: list[str] | None = None, cells: list[list[Any]] | None = None) -> str:
    shown = [[f'"{cell}"' if isinstance(cell, str) else str(cell) for cell in row] for row in cells or rows(model)]
    return "".join(",".join(line) + "\n" for line in [names or columns(model), *shown])


def parquet(table: Mapping[str, list[Any]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(dict(table)), sink)
    return sink.getvalue()


def reordered(model: str) -> dict[str, Any]:
    return {"columns": columns(model)[::-1], "data": [row[::-1] for row in rows(model)]}


def no_text(status: int = 400) -> dict[str, int]:
    """Where texts are what the model takes, and everything is well."""
    return {"iris": status, "loans": status}


BODIES = (
    Body("split", split),
    Body("split with an index", lambda m: split(m, index=[7, 8, 9])),
    Body("split, columns in another order", lambda m: {"dataframe_split": reordered(m)}),
    Body(
        "split, a column more",
        lambda m: {"dataframe_split": {"columns": [*columns(m), "id"], "data": [[*row, "x1"] for row in rows(m)]}},
    ),
    Body(
        "split, a column missing",
        lambda m: {"dataframe_split": {"columns": ["other", *columns(m)[1:]], "data": rows(m)}},
        {"iris": 400, "loans": 400, "reviews": 200},
        differs="one-text-column",
    ),
    Body("split without names", lambda m: {"dataframe_split": {"data": rows(m)}}, differs="rows-without-names"),
    Body("split, ragged", lambda m: split(m, data=[*rows(m), rows(m)[0][:-1]]), 400, differs="ragged"),
    Body("split, a cell too many", lambda m: split(m, data=[*rows(m), [*rows(m)[0], 1]]), 400),
    Body("split of nothing", lambda m: split(m, data=[]), differs="no-rows", rows=0),
    Body("split that is a list", lambda m: {"dataframe_split": rows(m)}, 400),
    Body("records", lambda m: {"dataframe_records": records(m)}),
    Body(
        "records, names in another order",
        lambda m: {"dataframe_records": [dict(reversed(r.items())) for r in records(m)]},
    ),
    Body("records that are lists", lambda m: {"dataframe_records": rows(m)}, 400),
    Body("records of nothing", lambda m: {"dataframe_records": []}, differs="no-rows", rows=0),
    Body("instances", lambda m: {"instances": rows(m)}, differs="rows-without-names"),
    Body("instances that are objects", lambda m: {"instances": records(m)}),
    Body("inputs", lambda m: {"inputs": rows(m)}, differs="rows-without-names"),
    Body("inputs by column", lambda m: {"inputs": lists(m)}),
    Body("inputs that are objects", lambda m: {"inputs": records(m)}),
    Body("inputs, one value for a column", lambda m: {"inputs": records(m)[0]}, rows=1),
    Body("inputs, rows without cells", lambda m: {"inputs": [[], []]}, 400),
    Body("data", lambda m: {"data": rows(m)}, differs="data"),
    Body("pandas' split at the top", lambda m: {"columns": columns(m), "data": rows(m)}, 400),
    Body("a bare list", rows, 400),
    Body("nothing", lambda m: b"", 400),
    Body("a number", lambda m: "7", 400),
    Body("JSON cut short", lambda m: json.dumps(split(m))[:-3], 400),
    Body("something after the end", lambda m: json.dumps(split(m)) + "}", 400),
    Body("two shapes at once", lambda m: {**split(m), "inputs": rows(m)}, 400),
    Body("no shape", lambda m: {"rows": rows(m)}, 400),
    Body("a name beside the shape", lambda m: {**split(m), "comment": "x"}, 400, differs="unknown-names"),
    Body(
        "the shape twice",
        lambda m: json.dumps(split(m))[:-1] + ', "dataframe_split": {"data": []}}',
        400,
    ),
    Body("NaN", lambda m: written(m, "NaN"), 400),
    Body("Infinity", lambda m: written(m, "-Infinity"), 400),
    Body("null", lambda m: split(m, data=first(m, None)), {"reviews": 400, "loans": 200}, differs="null"),
    Body(
        "1.5 for a whole number",
        lambda m: split(m, data=first(m, 1.5)),
        {"reviews": 400, "loans": 400},
        differs="no-casts",
    ),
    Body('"no" for a truth', lambda m: split(m, data=last(m, "no")), no_text(), differs="no-casts"),
    Body("1 for a truth", lambda m: split(m, data=last(m, 1)), {"reviews": 400, "loans": 400}, differs="no-casts"),
    Body("1e400", lambda m: written(m, "1e400"), 400),
    Body("1e-400", lambda m: written(m, "1e-400"), 400, differs="no-casts"),
    Body(
        "2 to the 63rd",
        lambda m: split(m, data=first(m, 2**63)),
        {"iris": 200, "reviews": 400, "loans": 400},
        differs="no-casts",
    ),
    Body("2 to the 53rd and 1", lambda m: split(m, data=first(m, 2**53 + 1)), 400, differs="no-casts"),
    Body("a number as text", lambda m: split(m, data=first(m, "5.1")), no_text(), differs="no-casts"),
    Body("a truth for a number", lambda m: split(m, data=first(m, True)), 400, differs="no-casts"),
    Body("a list in a cell", lambda m: split(m, data=first(m, [1, 2])), 400),
    Body("an object in a cell", lambda m: split(m, data=first(m, {"a": 1})), 400),
    Body("params: score", lambda m: {**split(m), "params": {"output": "score"}}, differs="params"),
    Body("params: threshold", lambda m: {**split(m), "params": {"threshold": 0.9}}, {"iris": 400}, differs="params"),
    Body("params: threshold of 7", lambda m: {**split(m), "params": {"threshold": 7}}, 400, differs="params"),
    Body("params that are not known", lambda m: {**split(m), "params": {"temperature": 0.1}}, 400, differs="params"),
    Body("params that are no object", lambda m: {**split(m), "params": [1]}, 400, differs="params"),
    Body("CSV", csv, kind=CSV),
    Body("CSV, charset", csv, kind="text/csv; charset=utf-8"),
    Body("CSV, a column more", lambda m: csv(m, [*columns(m), "id"], [[*row, "x1"] for row in rows(m)]), kind=CSV),
    Body(
        "CSV, a column missing",
        lambda m: csv(m, ["other", *columns(m)[1:]]),
        {"iris": 400, "loans": 400, "reviews": 200},
        kind=CSV,
        differs="one-text-column",
    ),
    Body("CSV of nothing", lambda m: b"", 400, kind=CSV),
    Body("CSV of names alone", lambda m: ",".join(columns(m)) + "\n", kind=CSV, differs="no-rows", rows=0),
    Body("CSV, ragged", lambda m: csv(m) + ",".join(["1"] * (len(columns(m)) + 2)) + "\n", 400, kind=CSV),
    Body("CSV with a mark of its byte order", lambda m: b"\xef\xbb\xbf" + csv(m).encode(), kind=CSV),
    Body("CSV, text for a number", lambda m: csv(m, None, first(m, "many")), no_text(), kind=CSV),
    Body("Parquet", lambda m: parquet(lists(m)), kind=PARQUET),
    Body("Parquet, another name", lambda m: parquet(lists(m)), kind="application/x-parquet", differs="parquet-name"),
    Body("Parquet that is none", lambda m: b"PAR1 and so on", 400, kind=PARQUET),
    Body(
        "Parquet, texts for numbers",
        lambda m: parquet({n: list(map(str, c)) for n, c in lists(m).items()}),
        no_text(),
        kind=PARQUET,
    ),
    Body("no Content-Type", split, 415, kind=None, differs="no-content-type"),
    Body("plain text", split, 415, kind="text/plain"),
    Body("charset=utf-8", split, kind="application/json; charset=utf-8"),
    Body("charset in quotes", split, kind='application/json; charset="UTF-8"', differs="media-types"),
    Body("capitals", split, kind="Application/JSON", differs="media-types"),
    Body("latin-1", split, 415, kind="application/json; charset=latin-1"),
    Body("another parameter", split, 415, kind="application/json; version=2"),
    Body("GET", lambda m: b"", 405, method="GET", kind=None),
    Body("PUT", split, 405, method="PUT"),
    Body("JSON with a mark of its byte order", lambda m: b"\xef\xbb\xbf" + json.dumps(split(m)).encode()),
    Body("UTF-16", lambda m: json.dumps(split(m)).encode("utf-16"), 400, differs="utf-8-alone"),
    Body("no UTF-8", lambda m: json.dumps(split(m)).encode()[:-2] + b"\xff}", 400),
    Body("compressed", split, 415, headers={"content-encoding": "gzip"}, differs="compressed"),
    Body("nested 100,000 deep", lambda m: '{"inputs": ' + "[" * 100_000 + "]" * 100_000 + "}", 400, differs="deep"),
)
