"""One lot in, one decision per row out: a pure function of the rows and of what was handed in at the start."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Final, Protocol

import numpy as np
import pyarrow as pa

from models import rules
from models.features import ROW_VERSION, Matrix, Places, row_features
from models.numbers import Doubles, logistic
from models.policies.exploration import explored
from models.policies.kinds import Bits
from models.policies.lists import Lists
from models.policies.outcomes import Marks, Outcomes, outcomes
from models.policies.reasons import reasons
from models.policy import Policy
from models.rules import RULES, Hits, Limits, Status, Statuses
from schemas.errors import Misconfigured
from schemas.lot.buffers import numbers

DIGEST_DIGITS: Final = 12


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
    outcome: Outcomes
    statuses: Statuses
    listed: Bits
    marks: Marks

    @property
    def hits(self) -> Hits:
        hit: Hits = self.statuses == Status.HIT
        return hit

    def rule_codes(self, row: int) -> list[str]:
        return [rule.code for rule, hit in zip(RULES, self.hits[row], strict=True) if hit]

    def reasons(self, row: int) -> list[str]:
        """The strongest first; none for what is approved."""
        return reasons(int(self.outcome[row]), self.statuses[row], int(self.listed[row]))


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
    """Decides by the declared rules, and by lists where there are any."""

    places: Places
    limits: Limits
    thresholds: Policy
    lists: Lists = field(default_factory=Lists)
    exploration: float = 0.0

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
        """With all that decides beside the rules, so that whoever recomputes a decision knows what held."""
        lists = f" {self.lists}" if self.lists.version else ""
        return self.thresholds.name + lists + (f" exploration={self.exploration!r}" if self.exploration else "")

    @property
    def feature_version(self) -> int:
        return ROW_VERSION

    def decide(self, rows: pa.RecordBatch) -> Decisions:
        at = numbers(rows["event_time"])
        matrix = row_features(rows, self.places)
        statuses = rules.statuses(matrix, self.limits, self.lists.snoozes, at)
        margin = rules.margins(statuses == Status.HIT)
        score = logistic(margin)
        listed = self.lists.listed(rows, at)
        lucky = explored(rows["event_id"], self.exploration)
        outcome, marks = outcomes(score, self.thresholds, statuses, listed, lucky)
        return Decisions(matrix, margin, score, outcome, statuses, listed, marks)

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
