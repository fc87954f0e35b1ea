"""One lot in, one decision per row out: a pure function of the rows and of what was handed in at the start."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Final, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models import rules
from models.features import ROW_VERSION, Matrix, Places, row_features
from models.numbers import Doubles, logistic
from models.policy import Policy
from models.rules import RULES, Hits, Limits
from schemas.errors import Misconfigured

DIGEST_DIGITS: Final = 12
MOST_REASONS: Final = 4


@dataclass(frozen=True, slots=True)
class ModelRef:
    name: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class Decisions:
    """Columns, one entry per row of the lot."""

    features: Matrix
    raw_margin: Doubles
    score: Doubles
    outcome: NDArray[np.int8]
    hits: Hits

    def rule_codes(self, row: int) -> list[str]:
        return [rule.code for rule, hit in zip(RULES, self.hits[row], strict=True) if hit]

    def reasons(self, row: int) -> list[str]:
        """The strongest first; equals in the order of RULES."""
        if self.outcome[row] == 0:
            return []
        strongest = sorted((rule for rule, hit in zip(RULES, self.hits[row], strict=True) if hit), key=_weakness)
        return [rule.code for rule in strongest[:MOST_REASONS]]


def _weakness(rule: rules.Rule) -> float:
    return -rule.margin


class Decider(Protocol):
    """What the scorer needs of a model and its policy."""

    @property
    def model(self) -> ModelRef: ...

    @property
    def policy(self) -> str: ...

    @property
    def feature_version(self) -> int: ...

    def decide(self, rows: pa.RecordBatch) -> Decisions: ...


@dataclass(frozen=True)
class RulesDecider:
    """Decides by the declared rules alone."""

    places: Places
    limits: Limits
    thresholds: Policy

    def __post_init__(self) -> None:
        """Holds the promise of two reasons for each flag."""
        lone = float(logistic(np.array([rules.STRONGEST_LONE_MARGIN]))[0])
        if self.thresholds.review_at <= lone:
            raise Misconfigured(
                f"policy.review_at is {self.thresholds.review_at:g}: one rule alone would reach it",
                fix=f"set policy.review_at above {lone:.3f}",
            )

    @cached_property
    def model(self) -> ModelRef:
        return ModelRef("rules", "1", self._digest())

    @property
    def policy(self) -> str:
        return self.thresholds.name

    @property
    def feature_version(self) -> int:
        return ROW_VERSION

    def decide(self, rows: pa.RecordBatch) -> Decisions:
        matrix = row_features(rows, self.places)
        hit = rules.hits(matrix, self.limits)
        margin = rules.margins(hit)
        score = logistic(margin)
        return Decisions(matrix, margin, score, self.thresholds.outcomes(score), hit)

    def _digest(self) -> str:
        content = {
            "base": rules.BASE_MARGIN,
            "rules": [(rule.code, rule.margin) for rule in RULES],
            "limits": asdict(self.limits),
            "timezone": self.places.timezone,
            "home_countries": sorted(self.places.home_countries),
            "risky_categories": sorted(self.places.risky_categories),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:DIGEST_DIGITS]
