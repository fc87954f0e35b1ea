"""What answers /invocations: one version of one model, which never changes while requests are under way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from models.minds import ModelRef

Kind = Literal["json", "csv", "parquet"]
Output = Literal["prediction", "score"]
Answer = Sequence[Any]
"""A value of JSON for each row; None where the model gave no number."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, as the model takes it. `rows` is what `Model.join` puts together, where `key` is the same.
    `old`: said as `data`.
    """

    rows: Any
    count: int
    output: Output = "prediction"
    threshold: float | None = None
    old: bool = False
    key: str = ""

    @property
    def alike(self) -> tuple[object, ...]:
        """Requests of which this is the same may be answered together."""
        return (self.output, self.threshold, self.key)


class Model(Protocol):
    @property
    def ref(self) -> ModelRef: ...

    @property
    def exact(self) -> bool:
        """Whether a row gets the same bits in whatever batch; only then are requests put together."""
        ...

    def read(self, kind: Kind, body: bytes, most_rows: int) -> Ask:
        """Raises Refusal naming column and row, never what stood there."""
        ...

    def join(self, rows: Sequence[Any]) -> Any: ...  # noqa: ANN401 - matrices, texts or tables

    def predict(self, rows: Any, output: Output, threshold: float | None) -> Answer: ...  # noqa: ANN401
