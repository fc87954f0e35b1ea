"""Held-back customers as they were written, without their ids, and the scores they got: all the way from cells to
millionths, where golden vectors begin at the matrix. Some rows have blanks and categories that nobody knows.
"""

import json
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import ValidationError

from models.artefact.canonical import canonical
from models.artefact.refusal import refused
from models.churn.encoding import Form
from models.churn.model import ChurnModel
from schemas.cells.cells import column, texts
from schemas.churn import SCALE

FILE: Final = "examples.json"
FEWEST: Final = 8
MOST: Final = 10_000
USUAL: Final = 256
STRANGE: Final = "(never seen)"


class _Written(Form):
    columns: dict[str, list[str | None]]
    scores: list[int]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    rows: pa.RecordBatch
    scores: NDArray[np.uint32]

    @classmethod
    def of(cls, model: ChurnModel, rows: pa.RecordBatch, most: int = USUAL) -> Self:
        """Of rows that taught nothing: the first ones, then the same with one column blank or strange each."""
        kept = _as_text(model, rows.slice(0, most))
        odd = [_with(kept.slice(at % len(kept), 1), name, text) for at, (name, text) in enumerate(_odd(model))]
        written = pa.Table.from_batches([kept, *odd]).combine_chunks().to_batches()[0]
        return cls(written, model.score(written))

    def to_bytes(self) -> bytes:
        columns = {name: self.rows[name].to_pylist() for name in self.rows.schema.names}
        return canonical({"columns": columns, "scores": self.scores.tolist()}) + b"\n"

    def check(self, model: ChurnModel, where: str) -> None:
        """Raises Misconfigured unless the model scores them as it is written."""
        found = model.score(self.rows)
        if wrong := np.flatnonzero(found != self.scores).tolist():
            said = f"{len(wrong)} of {len(found)} examples get other scores, the first is example {wrong[0]}"
            raise refused(where, said)


def from_bytes(content: bytes, model: ChurnModel, where: str) -> Examples:
    try:
        said = _Written.model_validate(json.loads(content))
        arrays = [pa.array(said.columns[name], pa.string()) for name in model.columns]
        rows = pa.RecordBatch.from_arrays(arrays, names=model.columns)
    except (ValidationError, ValueError, KeyError, RecursionError, MemoryError) as error:
        raise refused(where, f"is not what examples are written as: {type(error).__name__}") from None
    if (
        not FEWEST <= rows.num_rows <= MOST
        or len(said.scores) != rows.num_rows
        or set(said.columns) != set(model.columns)
    ):
        raise refused(where, f"has {rows.num_rows} rows and {len(said.scores)} scores, or other columns than the model")
    if not all(0 <= each <= SCALE for each in said.scores):
        raise refused(where, "has scores that are none")
    return Examples(rows, np.array(said.scores, np.uint32))


def _as_text(model: ChurnModel, rows: pa.RecordBatch) -> pa.RecordBatch:
    arrays = [texts(column(name, rows[name])).values for name in model.columns]
    return pa.RecordBatch.from_arrays(arrays, names=model.columns)


def _odd(model: ChurnModel) -> list[tuple[str, str | None]]:
    return [(name, text) for name in model.columns for text in (None, STRANGE)]


def _with(row: pa.RecordBatch, name: str, text: str | None) -> pa.RecordBatch:
    return row.set_column(row.schema.get_field_index(name), name, pa.array([text], pa.string()))
