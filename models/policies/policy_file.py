"""A policy as a file: the scores from which a model's transactions are reviewed and blocked, and what decides beside.

It belongs to one model, by that model's content digest. Numbers are written by their shortest exact digits, so a
threshold read back has the same bits.
"""

import json
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from models.artefact.canonical import canonical
from models.features import Places
from models.money import MOST_RATE, Money
from models.policies.sparing import Sparing
from models.policy import Policy
from models.registry.entry import Hex
from models.rules import Limits
from schemas.repeated import repeated
from schemas.settings.rules import Category, Country, Minor, Share, zone

STRICT: Final = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
MOST_VALUE: Final = 100_000_000_000
Number = Annotated[int, Field(ge=1, le=999_999_999)]


class Costs(BaseModel):
    """In minor units of the reference currency."""

    model_config = STRICT

    review_minor: Minor
    wrong_block_minor: Minor


class Churn(BaseModel):
    """What a customer is worth who is driven away by a wrong block, in minor units of the reference currency."""

    model_config = STRICT

    customer_value_minor: Annotated[int, Field(ge=1, le=MOST_VALUE)]


class Rates(BaseModel):
    """`millionths` of a minor unit of the reference currency for one minor unit of each other currency."""

    model_config = STRICT

    version: Number
    reference: Currency
    millionths: dict[Currency, Annotated[int, Field(ge=1, le=MOST_RATE)]]

    @model_validator(mode="after")
    def _one_of_the_reference_is_one(self) -> Self:
        if self.reference in self.millionths:
            raise ValueError(f"{self.reference} is the reference currency and needs no rate")
        return self


class RuleLimits(BaseModel):
    model_config = STRICT

    amount_high_minor: Minor
    amount_extreme_minor: Minor

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.amount_extreme_minor < self.amount_high_minor:
            raise ValueError("the extreme amount is below the high one")
        return self


class PolicyFile(BaseModel):
    """`kind` is what the thresholds were picked for: a recall, the least cost, or a budget of alerts per day.

    `lists` names a version of the lists; without one the newest holds. Without `churn` churn scores decide nothing.
    """

    model_config = STRICT

    format: Literal[1]
    kind: Literal["recall", "cost", "budget"]
    target: float | None
    review_at: Share
    block_at: Share
    model: Hex
    costs: Costs
    rates: Rates | None = None
    lists: Number | None = None
    exploration: Share = 0.0
    timezone: Annotated[str, AfterValidator(zone)] = "UTC"
    home_countries: tuple[Country, ...] = ()
    risky_categories: tuple[Category, ...] = ()
    limits: RuleLimits
    churn: Churn | None = None

    @model_validator(mode="after")
    def _churn_has_a_cost_to_weigh(self) -> Self:
        if self.churn is not None and (self.kind != "cost" or not self.costs.wrong_block_minor):
            raise ValueError("churn makes wrong blocks dearer: it needs kind cost and costs.wrong_block_minor above 0")
        return self

    @model_validator(mode="after")
    def _thresholds_in_order(self) -> Self:
        if self.review_at > self.block_at:
            raise ValueError(f"review_at {self.review_at!r} is above block_at {self.block_at!r}")
        return self

    @model_validator(mode="after")
    def _the_target_of_its_kind(self) -> Self:
        wanted = {"recall": "a recall between 0 and 1", "budget": "alerts per day above 0", "cost": "null"}[self.kind]
        if not _fits(self.kind, self.target):
            raise ValueError(f"the target of kind {self.kind} is {wanted}, not {self.target!r}")
        return self

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """In any layout. Raises ValueError saying what is wrong where."""
        _each_name_once(content)
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            raise ValueError("; ".join(map(_said, error.errors()[:3]))) from None

    @classmethod
    def parse_registered(cls, content: bytes) -> Self:
        """In the one layout that `to_bytes` has."""
        found = cls.parse(content)
        if found.to_bytes() != content:
            raise ValueError("it is not in the one form that policies are registered in")
        return found

    def to_bytes(self) -> bytes:
        """A policy without churn has the bytes it had before there was any."""
        unused = {"churn"} if self.churn is None else None
        return canonical(self.model_dump(mode="json", exclude=unused)) + b"\n"

    @property
    def thresholds(self) -> Policy:
        return Policy(self.review_at, self.block_at)

    def sparing(self, max_age_ms: int) -> Sparing | None:
        if self.churn is None:
            return None
        return Sparing(self.churn.customer_value_minor, self.costs.wrong_block_minor, max_age_ms)

    @property
    def places(self) -> Places:
        return Places(self.timezone, self.home_countries, self.risky_categories)

    @property
    def rule_limits(self) -> Limits:
        return Limits(self.limits.amount_high_minor, self.limits.amount_extreme_minor)

    @property
    def money(self) -> Money:
        return Money(self.rates.reference, dict(self.rates.millionths)) if self.rates else Money()


def _fits(kind: str, target: float | None) -> bool:
    if kind == "cost" or target is None:
        return kind == "cost" and target is None
    return 0 < target <= 1 if kind == "recall" else target > 0


def _each_name_once(content: bytes) -> None:
    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in found]
        if twice := repeated(names):
            raise ValueError(f"{twice[0]} is there twice")
        return dict(found)

    try:
        json.loads(content, object_pairs_hook=pairs)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _said(error: Any) -> str:  # noqa: ANN401 - pydantic's description of one
    where = ".".join(map(str, error["loc"]))
    return f"{where}: {error['msg']}" if where else str(error["msg"])
