"""One customer's score, and which columns moved it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from batch.customers.customers import customers
from batch.history.files import File
from models.churn.model import ChurnModel, Moved
from schemas.errors import Usage


@dataclass(frozen=True, slots=True)
class Explained:
    customer: str
    place: str
    score: int
    moved: list[Moved]
    values: dict[str, object]


def explain(customer: str, files: Sequence[File], key: str | None, model: ChurnModel) -> Explained:
    """By the first row that has that id."""
    if (column := key or model.key) is None:
        raise Usage("nobody knows which column has the ids", fix="say it with --id")
    for part in customers(files, column, model.columns):
        at = pc.index(part.ids, pa.scalar(customer)).as_py()
        if at >= 0:
            row = part.rows.slice(at, 1).select(model.columns)
            [score] = model.score(row).tolist()
            return Explained(customer, part.place(at), score, model.explain(row), row.to_pylist()[0])
    raise Usage(f"no row has the {column} {customer}", fix="check the id and the files")
