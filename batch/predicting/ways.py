"""What is said of the rows of a table, and of those of which nothing can be said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batch.predicting.rejects import Reject
from models.predicting.predictor import Predictor
from models.predicting.taking import take
from schemas.tables.table import BadTable, Table

PREDICTION: Final = "prediction"
SCORE: Final = "score"
RAW: Final = {"event_id", "card_id"}
GIVE: Final = "give what is known of their cards with --history and --labels, and they are scored as in the stream"


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """`columns` are of the rows in `kept`, which are places in the table; `refused` are the others."""

    kept: NDArray[np.int64]
    columns: Mapping[str, pa.Array]
    refused: Sequence[Reject]


class Way(Protocol):
    """From a table to an answer, row by row: what is beside a row, and what was before, changes nothing, but for the
    last bits of scores of models that are not exact.
    """

    @property
    def names(self) -> Sequence[str]:
        """Of the columns of every answer."""
        ...

    def beside(self, table: Table) -> list[int]:
        """The columns of a table that stay beside the answer. Raises BadTable where the table cannot be answered."""
        ...

    def answer(self, table: Table) -> Answer: ...


@dataclass(frozen=True, slots=True)
class OfModel:
    predictor: Predictor
    threshold: float

    @property
    def names(self) -> Sequence[str]:
        return (PREDICTION, SCORE) if self.predictor.scores else (PREDICTION,)

    def beside(self, table: Table) -> list[int]:
        try:
            return self.predictor.signature.beside(table)
        except BadTable as error:
            if not set(table.names or ()) >= RAW:
                raise
            raise BadTable(f"{error.message}; the rows look like raw transactions", fix=GIVE) from None

    def answer(self, table: Table) -> Answer:
        taken = take(self.predictor.signature, table)
        found = self.predictor.predict(taken, "both", self.threshold)
        columns = {PREDICTION: _array(found.predictions)}
        if self.predictor.scores:
            columns[SCORE] = pa.array(found.scores if found.scores is not None else [], pa.float64())
        refused = [Reject(each.row, each.column, str(each.code), f"the cell {each.message}") for each in taken.refused]
        return Answer(taken.kept, columns, refused)


def _array(values: Any) -> pa.Array:  # noqa: ANN401 - numpy's, of the type of the classes
    return pa.array(values.tolist() if values.dtype.kind in "OU" else values)
