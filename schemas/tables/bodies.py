"""Bodies of requests as tables, whole: small enough to be held, and refused as soon as they are known to be larger.

Nothing of a body is ever quoted in what is said of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import IO, Any, Final

import numpy as np
import pyarrow as pa

from schemas.tables import csv_rows, parquet_whole, shapes
from schemas.tables.json_values import NOT_UTF8, decoded
from schemas.tables.table import Bad, BadTable, Column, Kind, Table, TooLarge
from schemas.verdicts import Reason

SHAPES: Final = ("dataframe_split", "dataframe_records", "instances", "inputs", "data")
"""`data` is what the oldest servers took."""
PARAMS: Final = "params"
MOST_ROWS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Body:
    """`shape` is the name under which the rows stood."""

    table: Table
    shape: str
    params: Mapping[str, Any] = field(default_factory=dict)


def json_body(content: bytes, *, most_rows: int = MOST_ROWS) -> Body:
    return body_of(decoded(content), most_rows=most_rows)


def body_of(said: object, *, most_rows: int = MOST_ROWS) -> Body:
    """Raises BadTable unless exactly one of the known names is there, and nothing besides but params."""
    if not isinstance(said, dict):
        raise BadTable(f"the JSON must be an object with one of {', '.join(SHAPES)}")
    found = [name for name in SHAPES if name in said]
    if len(found) != 1:
        has = "none" if not found else " and ".join(found)
        raise BadTable(f"the JSON must have exactly one of {', '.join(SHAPES)}; it has {has}")
    if set(said) - {*found, PARAMS}:
        raise BadTable(f"the JSON has other names beside {found[0]} than {PARAMS}")
    params = said.get(PARAMS)
    if params is not None and not isinstance(params, dict):
        raise BadTable(f"{PARAMS} must be an object")
    _check(_count(said[found[0]]), most_rows)
    table = _table(found[0], said[found[0]])
    _check(table.rows, most_rows)
    return Body(table, found[0], params or {})


def _count(said: object) -> int:
    """Rows that can be counted before they are a table."""
    rows = said.get("data") if isinstance(said, dict) else said
    return len(rows) if isinstance(rows, list) else 0


def _check(rows: int, most: int) -> None:
    if rows > most:
        raise TooLarge(f"there are {rows:,} rows, at most {most:,} are taken at once")


def csv_body(content: bytes, *, most_rows: int = MOST_ROWS) -> Table:
    """The first line names the columns. A row that cannot be cut into cells refuses the body."""
    tables, count = [], 0
    for table in csv_rows.tables(_Whole(content)):
        if table.bad:
            raise _bad(table.bad[0])
        count += table.rows
        if count > most_rows:
            raise TooLarge(f"there are more than {most_rows:,} rows, at most so many are taken at once")
        tables.append(table)
    return tables[0] if len(tables) == 1 else _joined(tables)


def parquet_body(content: bytes, *, most_rows: int = MOST_ROWS) -> Table:
    return parquet_whole.read(content, most_rows)


def _table(shape: str, said: object) -> Table:
    if shape == "dataframe_split":
        return shapes.split(said)
    if shape == "dataframe_records":
        if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
            raise BadTable("dataframe_records must be a list of objects")
        return shapes.rows(said)
    if isinstance(said, dict) and shape != "instances":
        return shapes.columns(said)
    if isinstance(said, str) and shape != "instances":
        return shapes.rows([said])
    if not isinstance(said, list):
        raise BadTable(f"{shape} must be a list")
    return shapes.rows(said)


def _bad(first: Bad) -> BadTable:
    """Names of columns are the body's own, and not repeated."""
    detail = NOT_UTF8 if first.reason is Reason.INVALID_UTF8 else first.detail
    return BadTable(f"row {first.number}: {detail}", row=first.number)


@dataclass(frozen=True, slots=True)
class _Whole:
    content: bytes
    told: bool = False

    def open(self) -> IO[bytes]:
        return BytesIO(self.content)

    def __str__(self) -> str:
        return "the body"


def _joined(tables: list[Table]) -> Table:
    columns = [
        Column(pa.concat_arrays([each.columns[place].cells for each in tables]), Kind.TEXT)
        for place in range(len(tables[0].columns))
    ]
    numbers = np.concatenate([each.numbers for each in tables])
    return Table(tables[0].names, columns, len(numbers), numbers)
