"""Rows of an untrusted table as the rows of one model: those that fit as they are, and why the others do not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.predicting.reading import Code, Read, categories, read
from models.predicting.signature import Column, Signature, Type
from schemas.cells.cells import EXACT
from schemas.tables.table import Column as Cells
from schemas.tables.table import Kind, Table

PLAIN: Final = frozenset({int, float})
PLAIN_OR_NONE: Final = PLAIN | {type(None)}


@dataclass(frozen=True, slots=True)
class Refused:
    """`row` counts from 1, as people count. The message never quotes the cell."""

    row: int
    column: str
    code: Code
    message: str

    def __str__(self) -> str:
        return f"row {self.row}, column {self.column}: the cell {self.message}"


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """`rows` are the good ones alone: a matrix of doubles, texts, or columns of customers. `kept` are their places in
    the table, from 0; `refused` has the first fault of each other row.
    """

    rows: Any
    kept: NDArray[np.int64]
    refused: Sequence[Refused]

    def __len__(self) -> int:
        return len(self.kept)


def take(signature: Signature, table: Table) -> Taken:
    """Raises BadTable where columns are missing, or of a type that none of their cells could be read from."""
    cells = [table.columns[place] for place in signature.places(table)]
    if not cells:
        cells = [Cells([], Kind.JSON) for _ in signature.columns]
    if (matrix := _plain(signature, cells)) is not None:
        return Taken(matrix, np.arange(table.rows), ())
    found = [_read(signature, column, each) for column, each in zip(signature.columns, cells, strict=True)]
    faults = _faults(signature, found, table.rows)
    kept = np.flatnonzero(faults.first < 0)
    return Taken(_rows(signature, found, kept, whole=len(kept) == table.rows), kept, faults.refused(table))


def _plain(signature: Signature, cells: Sequence[Cells]) -> NDArray[np.float64] | None:
    """JSON's numbers without anything to be said of them, as almost all requests are; None where there is."""
    if signature.kind != "numbers" or any(each.type is not Type.DOUBLE for each in signature.columns):
        return None
    kinds: set[type] = set()
    for each in cells:
        if each.kind is not Kind.JSON:
            return None
        kinds.update(map(type, each.cells))
    if not kinds <= (PLAIN_OR_NONE if signature.missing else PLAIN):
        return None
    try:
        matrix = np.array([each.cells for each in cells], np.float64).T
    except OverflowError:
        return None
    return None if (np.abs(matrix) >= EXACT).any() else np.ascontiguousarray(matrix)


def _read(signature: Signature, column: Column, cells: Cells) -> Read:
    customers = signature.kind == "customers"
    if customers and column.type is Type.STRING:
        return categories(cells, column.name)
    found = read(cells, column.type, name=column.name, lenient=customers)
    if not signature.missing:
        found.refuse(found.missing, Code.MISSING, "is missing, and the model needs one")
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Faults:
    """`first` is which of `known` is a row's, -1 where it has none."""

    first: NDArray[np.int64]
    known: Sequence[tuple[str, Code, str]]

    def refused(self, table: Table) -> list[Refused]:
        return [
            Refused(int(table.numbers[row]), *self.known[self.first[row]]) for row in np.flatnonzero(self.first >= 0)
        ]


def _faults(signature: Signature, found: Sequence[Read], rows: int) -> _Faults:
    first = np.full(rows, -1)
    known: list[tuple[str, Code, str]] = []
    for column, each in zip(signature.columns, found, strict=True):
        for wrong in each.wrong:
            first[wrong.rows & (first < 0)] = len(known)
            known.append((column.name, wrong.code, wrong.message))
    return _Faults(first, known)


def _rows(signature: Signature, found: Sequence[Read], kept: NDArray[np.int64], whole: bool) -> Any:  # noqa: ANN401
    if signature.kind == "numbers":
        matrix = np.column_stack([each.values for each in found])
        return np.ascontiguousarray(matrix if whole else matrix[kept])
    if signature.kind == "text":
        texts = found[0].values
        return (texts if whole else texts.take(pa.array(kept))).to_pylist()
    columns = [each.values if isinstance(each.values, pa.Array) else _doubles(each.values) for each in found]
    rows = pa.RecordBatch.from_arrays(columns, names=signature.names)
    return rows if whole else rows.take(pa.array(kept))


def _doubles(values: NDArray[np.float64]) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))
