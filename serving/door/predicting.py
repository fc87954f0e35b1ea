"""A model of the registry as the door asks it: bodies become its rows by the same way as files do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from models.minds import DIGEST_DIGITS, ModelRef
from models.predicting.predictor import EVEN, Predictor
from models.predicting.taking import Taken, take
from models.registry.registry import Resolved
from schemas.errors import Usage
from schemas.tables import Table, TooLarge, csv_body, json_body, parquet_body
from serving.door.model import Answer, Ask, Kind, Output
from serving.door.quick import plain
from serving.refusal import Refusal

OLD_NAME: Final = "data"
OUTPUTS: Final = ("prediction", "score")
PARAMS: Final = frozenset({"output", "threshold"})


@dataclass(frozen=True, slots=True, eq=False)
class Predicting:
    """One version, for as long as it lives."""

    ref: ModelRef
    predictor: Predictor

    @classmethod
    def of(cls, predictor: Predictor, resolved: Resolved) -> "Predicting":
        name = resolved.name or resolved.folder.name
        version = "" if resolved.version is None else str(resolved.version)
        return cls(ModelRef(name, version, predictor.digest[:DIGEST_DIGITS]), predictor)

    @property
    def exact(self) -> bool:
        return self.predictor.exact

    def read(self, kind: Kind, body: bytes, most_rows: int) -> Ask:
        try:
            if kind == "json":
                said = json_body(body, most_rows=most_rows)
                return self._ask(said.table, said.params, old=said.shape == OLD_NAME)
            if kind == "parquet":
                return self._ask(parquet_body(body, most_rows=most_rows), {})
            body.decode()  # the library that cuts it into cells prints to stderr what it cannot read
            return self._ask(csv_body(body, most_rows=most_rows), {})
        except UnicodeDecodeError as error:
            raise Refusal(400, f"the CSV is not UTF-8 text, at byte {error.start + 1}") from None
        except TooLarge as error:
            raise Refusal(413, str(error.message)) from None
        except Usage as error:
            raise Refusal(400, f"{error.message}; {error.fix}" if error.fix else error.message) from None

    def join(self, rows: Sequence[Any]) -> Any:  # noqa: ANN401 - matrices, texts or tables
        first = rows[0]
        if isinstance(first, np.ndarray):
            return np.concatenate(rows)
        if isinstance(first, pa.RecordBatch):
            return pa.concat_batches(rows)
        return [text for each in rows for text in each]

    def predict(self, rows: Any, output: Output, threshold: float | None) -> Answer:  # noqa: ANN401
        count = rows.num_rows if isinstance(rows, pa.RecordBatch) else len(rows)
        taken = Taken(rows, np.arange(count), ())
        return self.predictor.predict(taken, output, EVEN if threshold is None else threshold).listed()

    def _ask(self, table: Table, params: Mapping[str, Any], *, old: bool = False) -> Ask:
        output, threshold = _params(params)
        self.predictor.check(output, EVEN if threshold is None else threshold)
        if (matrix := plain(self.predictor.signature, table)) is not None:
            return Ask(matrix, len(matrix), output, threshold, old=old)
        taken = take(self.predictor.signature, table)
        if taken.refused:
            more = len(taken.refused) - 1
            others = f"; {more:,} more rows are refused" if more else ""
            raise Refusal(400, f"{taken.refused[0]}{others}")
        key = str(taken.rows.schema) if isinstance(taken.rows, pa.RecordBatch) else ""
        return Ask(taken.rows, len(taken), output, threshold, old=old, key=key)


def _params(params: Mapping[str, Any]) -> tuple[Output, float | None]:
    """Raises Refusal for what is not known: a threshold that is misspelt would otherwise count for nothing."""
    if set(params) - PARAMS:
        raise Refusal(400, "params has names that are not known; output and threshold are")
    output, threshold = params.get("output", "prediction"), params.get("threshold")
    if output not in OUTPUTS:
        raise Refusal(400, "params.output must be prediction or score")
    if threshold is not None and (isinstance(threshold, bool) or not isinstance(threshold, int | float)):
        raise Refusal(400, "params.threshold must be a number between 0 and 1")
    return output, threshold
