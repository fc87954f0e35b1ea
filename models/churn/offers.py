"""What is offered to a customer who calls: a pure function of what is known of the customer and of the offers' policy.

The first that holds decides:

    resting        contacted too recently, or too often within a year: nothing more is offered
    unavailable    nobody could say anything of the customer
    unknown        the generation does not have the customer
    stale          the score is too old to spend anything on: the policy's own answer to that
    rules          in their order, the first whose every condition is met
    otherwise      what is left

A row at hand is scored there and then by the model of the generation: the same integer as at night, and never stale.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final, Literal, Self

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from models.churn.model import ChurnModel
from schemas.churn import DECILES, SCALE, Meta, Status
from schemas.errors import Misconfigured, Usage

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Minor = Annotated[int, Field(ge=0, le=100_000_000_000)]
Decile = Annotated[int, Field(ge=1, le=DECILES)]
Millionths = Annotated[int, Field(ge=0, le=SCALE)]
Count = Annotated[int, Field(ge=0, le=10_000)]
MOST_RULES: Final = 100
FIX_POLICY: Final = "correct the file, or leave offers.policy unset for the shipped one; the page on offers shows it"


class Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Answer(Form):
    """`costs_minor` is what it costs to give, in minor units of the reference currency."""

    offer: Name
    reason: Sentence
    costs_minor: Minor = 0


class Rule(Answer):
    """A condition that is left out is met by everybody; one on the value of a customer by nobody of unknown value.

    `above` is in millionths and strict: a score of just that is not above it.
    """

    above: Millionths | None = None
    decile_from: Decile | None = None
    value_from_minor: Minor | None = None

    def holds(self, known: "Known") -> bool:
        met = self.above is None or (known.millionths is not None and known.millionths > self.above)
        met &= self.decile_from is None or (known.decile is not None and known.decile >= self.decile_from)
        return met and (
            self.value_from_minor is None
            or (known.value_minor is not None and known.value_minor >= self.value_from_minor)
        )


class ContactLimits(Form):
    rest_days: Count
    most_a_year: Count


class OffersPolicy(Form):
    format: Literal[1] = 1
    version: Annotated[int, Field(ge=1, le=999_999_999)]
    stale_after_hours: Annotated[int, Field(ge=1, le=100_000)]
    contact: ContactLimits
    resting: Answer
    unavailable: Answer
    unknown: Answer
    stale: Answer
    rules: Annotated[list[Rule], Field(max_length=MOST_RULES)]
    otherwise: Answer

    @model_validator(mode="after")
    def _reached(self) -> Self:
        """A rule without any condition hides all that come after it."""
        for number, rule in enumerate(self.rules[:-1], 1):
            if (rule.above, rule.decile_from, rule.value_from_minor) == (None, None, None):
                raise ValueError(f"rule {number} has no condition, so that no later one is ever reached")
        return self

    @classmethod
    def read(cls, content: bytes, where: str) -> Self:
        """Raises Misconfigured naming the place within the file."""
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            said = f"{where} is no policy of offers: {place + ': ' if place else ''}{first['msg']}"
            raise Misconfigured(said, fix=FIX_POLICY) from None


@dataclass(frozen=True, slots=True)
class Contacts:
    """`days_ago` None: never."""

    days_ago: int | None = None
    in_a_year: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """Of one customer. `age` is that of the score; `live`: scored just now rather than at night."""

    status: Status
    millionths: int | None = None
    decile: int | None = None
    age: timedelta | None = None
    generation: str | None = None
    live: bool = False
    value_minor: int | None = None
    contacts: Contacts = Contacts()


@dataclass(frozen=True, slots=True)
class Offer:
    """`rule` says what decided: resting, unavailable, unknown, stale, rules.<number>, otherwise."""

    answer: Answer
    rule: str
    version: int
    known: Known

    @property
    def status(self) -> Status:
        return self.known.status


SHIPPED: Final = OffersPolicy(
    version=1,
    stale_after_hours=26,
    contact=ContactLimits(rest_days=30, most_a_year=4),
    resting=Answer(offer="none", reason="An offer was made a short while ago, or often enough this year."),
    unavailable=Answer(offer="listen", reason="Nothing is known just now: solve what the call is about."),
    unknown=Answer(offer="welcome", reason="The customer is new or not in last night's table: a welcome, no discount."),
    stale=Answer(offer="check_in", reason="The score is too old to spend money on: ask how things are."),
    rules=[
        Rule(
            offer="retain_plus",
            reason="A valuable customer who is likely to leave.",
            costs_minor=6_000,
            above=600_000,
            value_from_minor=50_000,
        ),
        Rule(offer="retain", reason="A customer who is likely to leave.", costs_minor=2_000, above=600_000),
        Rule(offer="loyalty", reason="Among the tenth most likely to leave.", costs_minor=500, decile_from=10),
    ],
    otherwise=Answer(offer="none", reason="The customer is likely to stay."),
)


def offer(policy: OffersPolicy, known: Known) -> Offer:
    answer, rule = _decided(policy, known)
    return Offer(answer, rule, policy.version, known)


def scored(model: ChurnModel, row: Mapping[str, Any], meta: Meta | None, key: str | None = None) -> Known:
    """By the row at hand. Its decile is that of the generation, whose model this has to be."""
    if meta is not None and meta.model_digest != model.digest:
        raise Misconfigured(
            f"{meta.generation} was scored by {meta.model} ({meta.model_digest[:12] or 'elsewhere'}), "
            f"not by {model.digest[:12]}: the two scores would not compare",
            fix="score the row by the generation's own model, or publish a generation by this one",
        )
    names = set(row)
    if missing := [name for name in model.columns if name not in names]:
        raise Usage(
            f"the row has no {', '.join(missing)}", fix=f"give what the model looks at: {', '.join(model.columns)}"
        )
    columns = {name: _column(name, row[name]) for name in model.columns if name != key}
    millionths = int(model.score(pa.RecordBatch.from_pydict(columns))[0])
    decile = None if meta is None else meta.decile(millionths)
    generation = None if meta is None else meta.generation
    return Known(Status.FRESH, millionths, decile, timedelta(), generation, live=True)


def _decided(policy: OffersPolicy, known: Known) -> tuple[Answer, str]:
    contacts, limits = known.contacts, policy.contact
    recently = contacts.days_ago is not None and contacts.days_ago < limits.rest_days
    if recently or contacts.in_a_year >= limits.most_a_year:
        return policy.resting, "resting"
    if known.status is Status.UNAVAILABLE:
        return policy.unavailable, "unavailable"
    if known.status is Status.UNKNOWN_CUSTOMER or known.millionths is None:
        return policy.unknown, "unknown"
    old = known.age is None or known.age > timedelta(hours=policy.stale_after_hours)
    if known.status is Status.STALE or old:
        return policy.stale, "stale"
    for number, rule in enumerate(policy.rules, 1):
        if rule.holds(known):
            return rule, f"rules.{number}"
    return policy.otherwise, "otherwise"


def _column(name: str, value: object) -> pa.Array:
    """A cell as a table would have it."""
    if value is None:
        return pa.array([None], pa.string())
    if not isinstance(value, str | int | float | bool):
        raise Usage(f"{name} is neither a number nor a text", fix="give the row as one JSON object of plain cells")
    try:
        return pa.array([value])
    except (OverflowError, pa.ArrowException, UnicodeEncodeError):
        raise Usage(f"{name} is no number or text of a table", fix="correct the cell") from None
