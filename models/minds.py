"""What gives a transaction its margin, and reasons for it: the declared rules, or a trained model.

A mind sees features and which rules hit. Equal rows get equal bits and equal reasons, whatever lot they come in.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from models import rules
from models.bank import Bank
from models.drift import Reference
from models.features import ROW_VERSION, Matrix
from models.numbers import Doubles, logistic
from models.policy import Policy
from models.reasons import Reasons
from models.rules import BY_MARGIN, RULES, Hits, Limits
from schemas.errors import Misconfigured

Flags = NDArray[np.bool_]

DIGEST_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class ModelRef:
    name: str
    version: str
    digest: str


class Mind(Protocol):
    @property
    def ref(self) -> ModelRef: ...

    @property
    def reference(self) -> Reference | None:
        """What rows looked like when it was trained, where that is known."""

    def check(self, thresholds: Policy, limits: Limits) -> None:
        """Raises Misconfigured for what it could not keep its promises under."""

    def margins(self, matrix: Matrix, hits: Hits) -> Doubles: ...

    def codes(self, matrix: Matrix, hits: Hits, owed: Flags) -> list[list[str]]:
        """Why each row is suspicious, the strongest first; at least two where they are `owed`."""


@dataclass(frozen=True, slots=True)
class RulesMind:
    """Sums of the margins of the rules that hit. No rule alone is a flag, so every flag has two reasons."""

    bank: Bank
    ref: ModelRef = field(init=False)
    reference: None = field(init=False, default=None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ref", ModelRef("rules", "1", self._digest()))

    def check(self, thresholds: Policy, limits: Limits) -> None:
        lone = float(logistic(np.array([rules.STRONGEST_LONE_MARGIN]))[0])
        if thresholds.review_at <= lone:
            raise Misconfigured(
                f"policy.review_at is {thresholds.review_at:g}: one rule alone would reach it",
                fix=f"set policy.review_at above {lone:.3f}",
            )
        if limits != self.bank.limits:
            raise ValueError(f"the digest speaks of {self.bank.limits}, the decisions would follow {limits}")

    def margins(self, matrix: Matrix, hits: Hits) -> Doubles:  # noqa: ARG002 - rules have seen the features
        return rules.margins(hits)

    def codes(self, matrix: Matrix, hits: Hits, owed: Flags) -> list[list[str]]:  # noqa: ARG002 - owed are always two
        return [[RULES[place].code for place in BY_MARGIN if hit[place]] for hit in hits]

    def _digest(self) -> str:
        """Of all that the margins follow from: the rules, and what makes the features that they look at."""
        bank = self.bank
        content = {
            "base": rules.BASE_MARGIN,
            "rules": [(rule.code, rule.margin) for rule in RULES],
            "features": ROW_VERSION,
            "limits": asdict(bank.limits),
            "timezone": bank.places.timezone,
            "home_countries": sorted(bank.places.home_countries),
            "risky_categories": sorted(bank.places.risky_categories),
            "money": asdict(bank.money),
            "future_ms": bank.terms.future_ms,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:DIGEST_DIGITS]


class Evaluator(Protocol):
    def margins(self, matrix: Matrix, /) -> Doubles: ...


@dataclass(frozen=True, slots=True)
class ModelMind:
    """A compiled model. Rules that hit are among its reasons and add nothing to its margins."""

    ref: ModelRef
    evaluator: Evaluator
    reasons: Reasons
    reference: Reference | None = None

    def check(self, thresholds: Policy, limits: Limits) -> None:
        """It has reasons for whatever it flags, under any limits."""

    def margins(self, matrix: Matrix, hits: Hits) -> Doubles:  # noqa: ARG002
        return self.evaluator.margins(matrix)

    def codes(self, matrix: Matrix, hits: Hits, owed: Flags) -> list[list[str]]:
        return self.reasons.codes(matrix, hits, owed)
