"""What a report on a churn model holds, as it stands in JSON. Figures are of customers that nobody learnt from."""

import json
from typing import Annotated, Any, Final, Literal

from pydantic import Field, JsonValue

from models.judging.figures import Calibration, Count, Figure, Form, Span

FORMAT: Final = 1


class About(Form):
    """Where model and data come from; what is not known is left empty."""

    model: str = ""
    estimator: str = ""
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    sources: list[str] = Field(default_factory=list)
    key: str | None = None
    label: str = ""
    seed: int = 0
    trained_on: Count | None = None
    trained_churners: Count | None = None
    created_at: str = ""


class Data(Form):
    """Customers who are judged."""

    rows: Count
    churners: Count
    share: Figure


class Lift(Form):
    """Of the tenth of the customers with the highest scores: how many of them left, and of all who left."""

    precision: Figure
    recall: Figure


class Result(Form):
    """`chance` is the calibration error that a perfect model of as many rows would be expected to have."""

    name: str
    auc: Figure
    auc_span: Span
    average_precision: Figure
    top_tenth: Lift
    calibration: Calibration
    chance: Figure


class Crossed(Form):
    """ROC AUCs of models that each learnt from the rest, on what they had not seen."""

    folds: list[Figure]
    mean: Figure
    least: Figure
    most: Figure


class Known(Form):
    """One column: what kind it is, the AUC that it has alone, and what the model's AUC loses without it."""

    name: str
    kind: Literal["number", "category"]
    categories: Count
    alone: Figure
    loses: Figure


class ChurnReport(Form):
    """The first contender is the one that the report is about; `left_out` are columns that nobody learnt from."""

    format: Literal[1] = FORMAT
    about: About
    data: Data
    crossed: Crossed | None
    contenders: Annotated[list[Result], Field(min_length=1)]
    columns: list[Known]
    left_out: dict[str, str]

    @property
    def first(self) -> Result:
        return self.contenders[0]

    def facts(self) -> dict[str, Any]:
        return self.model_dump(mode="json")

    def to_bytes(self) -> bytes:
        return (json.dumps(self.facts(), sort_keys=True, indent=1, allow_nan=False) + "\n").encode()

    def lasting(self) -> dict[str, Any]:
        """Without what differs from one run to the next: where files lay, how it is called, when."""
        about = self.about.model_copy(update={"sources": [], "created_at": "", "model": ""})
        return self.model_copy(update={"about": about}).facts()
