"""A churn model: the chance that a customer leaves, in millionths, a pure function of the customer's row.

Row by row through compiled kernels, so that the bits do not depend on the batch, the engine or the machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from models import linear, trees
from models.churn.calibration import Calibration, millionths
from models.churn.encoding import Encoding, Unread
from models.linear import Linear
from models.numbers import Doubles
from models.trees.evaluator import Evaluator

CELLS: Final = 1 << 21
"""Of a matrix: so many numbers at a time, whatever the batch."""


class Moved(NamedTuple):
    """By how many millionths the score is higher because the column is not as usual."""

    column: str
    by: int


@dataclass(frozen=True, slots=True)
class ChurnModel:
    """`digest` is the content digest of its artefact."""

    encoding: Encoding
    evaluator: Evaluator | Linear
    calibration: Calibration
    digest: str

    @property
    def key(self) -> str | None:
        """The column of ids."""
        return self.encoding.key

    @property
    def columns(self) -> list[str]:
        """What `score` needs; a file may have more."""
        return self.encoding.names

    def unread(self, rows: pa.RecordBatch) -> dict[str, Unread]:
        """By column: the cells that say nothing to it."""
        return self.encoding.unread(rows)

    def score(self, rows: pa.RecordBatch) -> NDArray[np.uint32]:
        """Raises Usage naming columns that are missing or foreign, before anything is scored; the key may be there."""
        self.encoding.check(rows.schema.names)
        some = max(CELLS // len(self.encoding.features), 1)
        found = np.empty(rows.num_rows, np.uint32)
        for at in range(0, rows.num_rows, some):
            found[at : at + some] = millionths(self.probabilities(self.encoding.matrix(rows.slice(at, some))))
        return found

    def probabilities(self, matrix: Doubles) -> Doubles:
        return self.calibration.probabilities(self.evaluator.margins(matrix))

    def explain(self, row: pa.RecordBatch) -> list[Moved]:
        """Of one row: each column in turn as it usually is, the largest difference first; 0 is left out."""
        here = self.encoding.matrix(row)[:1]
        changed = np.repeat(here, len(self.columns), axis=0)
        for at, (each, place) in enumerate(zip(self.encoding.columns, self.encoding.places(), strict=True)):
            changed[at, place] = each.typical
        own, others = (millionths(self.probabilities(each)).astype(np.int64) for each in (here, changed))
        moved = [Moved(name, int(own[0] - other)) for name, other in zip(self.columns, others, strict=True)]
        return sorted((each for each in moved if each.by), key=lambda each: (-abs(each.by), each.column))


def compile(estimator: object, features: int) -> Evaluator | Linear:  # noqa: A001 that is what it does
    """The evaluator of a model of any kind that can be one for churn; else raise `Uncompilable`."""
    if isinstance(estimator, Pipeline):
        return linear.compile(estimator, features)
    return trees.compile(estimator, features)


def of_facts(
    encoding: Mapping[str, Any], calibration: Mapping[str, Any], evaluator: Evaluator | Linear, digest: str
) -> ChurnModel:
    """From what a manifest says; raises ValueError where it makes no sense."""
    return ChurnModel(Encoding.model_validate(encoding), evaluator, Calibration.model_validate(calibration), digest)
