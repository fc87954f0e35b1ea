"""What a report holds, as it stands in JSON: numbers and names alone. What is not a number is null there."""

import json
from math import isfinite, nan
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, PlainSerializer, ValidationError

from schemas.errors import Usage

Figure = Annotated[
    float,
    BeforeValidator(lambda value: nan if value is None else value),
    PlainSerializer(lambda value: value if isfinite(value) else None, when_used="json"),
]
Count = Annotated[int, Field(ge=0)]
Kind = Literal["recall", "cost", "budget"]
FORMAT: Final = 1


class Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Span(Form):
    """95 of 100 draws of whole days lie between `low` and `high`."""

    low: Figure
    middle: Figure
    high: Figure


class Tally(Form):
    tp: Count
    fp: Count
    fn: Count
    tn: Count
    precision: Figure
    recall: Figure
    fpr: Figure
    accuracy: Figure
    f1: Figure
    mcc: Figure


class Value(Form):
    """The same by amount, in minor units: `share` of the fraud's value is caught, `precision` of what is flagged."""

    caught_minor: int
    missed_minor: int
    share: Figure
    precision: Figure


class Level(Form):
    """Everything at or above one threshold. Alerts are counted whether or not their outcome is known."""

    threshold: Figure
    alerts_per_day: Figure
    tally: Tally
    critical: Tally
    value: Value
    attainable_recall: Figure
    critical_attainable_recall: Figure


class Cards(Form):
    """Of the `called` cards a day with the highest scores; no ranking could reach more than `attainable`."""

    called: Count
    precision: Figure
    attainable: Figure


class Scenario(Form):
    """One way of fraud; `attainable` is null where nobody can say."""

    name: str
    frauds: Count
    attainable: Count | None
    review_recall: Figure
    block_recall: Figure
    attainable_recall: Figure
    value_share: Figure


class Band(Form):
    """Rows whose score lies from `low` to below `high`."""

    low: Figure
    high: Figure
    rows: Count
    said: Figure
    found: Figure


class Calibration(Form):
    error: Figure
    brier: Figure
    bands: list[Band]


class Intervals(Form):
    average_precision: Span
    auc: Span
    recall: Span
    precision: Span
    cost_per_row: Span


class Result(Form):
    """One contender at its own thresholds."""

    name: str
    average_precision: Figure
    auc: Figure
    cards: Cards
    review: Level
    block: Level
    scenarios: list[Scenario]
    calibration: Calibration
    cost_per_row: Figure
    intervals: Intervals


class Lead(Form):
    """What the first contender has more than another, both with as many alerts and blocks as the first one makes."""

    name: str
    alerts_per_day: Figure
    average_precision: Span
    auc: Span
    recall: Span
    precision: Span
    value_share: Span
    saved_per_row: Span


class Choice(Form):
    """Thresholds picked for one purpose, shown with what they do on the test period; one of them is live."""

    kind: Kind
    wanted: Figure
    live: bool
    review: Level
    block: Level
    cost_per_row: Figure


class Data(Form):
    """Figures are of the rows whose outcome is known."""

    rows: Count
    known: Count
    unknown_share: Figure
    frauds: Count
    fraud_share: Figure
    fraud_minor: int
    amount_minor: int
    days: Count
    first_day: str
    last_day: str
    attainable: Count | None
    critical: Count
    critical_frauds: Count


class Method(Form):
    seed: int
    draws: Count
    critical_minor: int
    review_minor: float
    wrong_block_minor: float


class Glance(Form):
    """The few figures of one model that are followed from week to week, at `review_at`."""

    rows: Count
    frauds: Count
    unknown_share: Figure
    average_precision: Figure
    auc: Figure
    recall: Figure
    precision: Figure
    alerts_per_day: Figure


class Weeks(Form):
    """Half-open periods in milliseconds since 1970."""

    train: tuple[int, int]
    pick: tuple[int, int]
    test: tuple[int, int]


class Fold(Form):
    split: Weeks
    figures: Glance


class Extent(Form):
    mean: Figure
    least: Figure
    most: Figure


class Prequential(Form):
    """One model per fold, each trained on what was known before its own test period."""

    folds: list[Fold]
    average_precision: Extent
    auc: Extent
    recall: Extent
    precision: Extent


class About(Form):
    """Where the model and its data come from. What is not given is told as not known."""

    model: str = ""
    estimator: str = ""
    parameters: dict[str, JsonValue] = {}
    feature_version: int | None = None
    simulated: bool | None = None
    sources: list[str] = []
    transactions: int | None = None
    labels: int | None = None
    label_delay: str = ""
    split: Weeks | None = None
    trained_on: int | None = None
    trained_frauds: int | None = None
    command: str = ""
    created_at: str = ""
    digests: dict[str, str] = {}


class Report(Form):
    """The first contender is the one that the report is about."""

    format: Literal[1] = FORMAT
    about: About
    data: Data
    method: Method
    contenders: Annotated[list[Result], Field(min_length=1)]
    leads: list[Lead]
    choices: list[Choice]
    prequential: Prequential | None = None

    @property
    def first(self) -> Result:
        return self.contenders[0]

    def facts(self) -> dict[str, Any]:
        return self.model_dump(mode="json")

    def to_bytes(self) -> bytes:
        return (json.dumps(self.facts(), sort_keys=True, indent=1, allow_nan=False) + "\n").encode()

    @classmethod
    def from_bytes(cls, content: bytes, where: str = "the report") -> Self:
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"])) or "the text"
            raise Usage(
                f"{where}: {place}: {first['msg']}", fix="`fraudstream evaluate` of this version writes it anew"
            ) from None
