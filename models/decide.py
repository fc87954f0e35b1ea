"""One lot in, one decision per row out: a pure function of rows, of what was known of them, and of what was handed in.

rules      which hit, as of the time that the row was scored as of; snoozed ones do not count
margin     by the mind: the rules themselves, or a trained model
outcome    by thresholds, churn, exploration and lists
reasons    of all rows that are not approved, in one go
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from models import rules
from models.bank import Bank
from models.churn.weighed import Churn
from models.features import FEATURE_VERSION, Matrix
from models.memory import Sight
from models.minds import Mind, ModelRef, RulesMind
from models.numbers import Doubles, logistic
from models.policies.exploration import explored
from models.policies.kinds import Bits
from models.policies.lists import Lists
from models.policies.outcomes import Marks, Outcomes, outcomes
from models.policies.reasons import joined
from models.policies.sparing import Sparing
from models.policies.wording import Registered, Wording
from models.policy import APPROVE, Policy
from models.rules import HIT, RULES, Hits, Limits, Statuses

__all__ = ["Decider", "Decisions", "ModelRef", "by_rules"]


@dataclass(frozen=True, slots=True)
class Decisions:
    """Columns, one entry per row of the lot. `marks`: those that deciding adds; `codes`: by row, of flags alone."""

    features: Matrix
    raw_margin: Doubles
    score: Doubles
    outcome: Outcomes
    statuses: Statuses
    listed: Bits
    marks: Marks
    codes: Mapping[int, list[str]]

    @property
    def hits(self) -> Hits:
        hit: Hits = self.statuses == HIT
        return hit

    def rule_codes(self, row: int) -> list[str]:
        return [rule.code for rule, one in zip(RULES, self.statuses[row], strict=True) if one == HIT]

    def reasons(self, row: int) -> list[str]:
        """The strongest first; none for what is approved."""
        return self.codes.get(row, [])


@dataclass(frozen=True, slots=True)
class Decider:
    """`named` is the registered policy that the thresholds are from, if they are from one."""

    mind: Mind
    thresholds: Policy
    limits: Limits
    lists: Lists = field(default_factory=Lists)
    exploration: float = 0.0
    named: Registered | None = None
    sparing: Sparing | None = None
    """What churn does to thresholds; None: nothing."""

    def __post_init__(self) -> None:
        self.mind.check(self.thresholds, self.limits)

    @property
    def model(self) -> ModelRef:
        return self.mind.ref

    @property
    def policy(self) -> str:
        """With all that decides beside the model, so that whoever recomputes a decision knows what held."""
        age = self.sparing.max_age_ms if self.sparing else None
        return str(Wording(self.named or self.thresholds, self.lists.shelved, self.exploration, age))

    @property
    def feature_version(self) -> int:
        return FEATURE_VERSION

    def decide(self, rows: pa.RecordBatch, sight: Sight, churn: Churn | None = None) -> Decisions:
        """`sight` and `churn` are of these rows; without churn nobody is spared."""
        statuses = rules.statuses(sight.features, self.limits, self.lists.snoozes, sight.at)
        hits = statuses == HIT
        margin = self.mind.margins(sight.features, hits)
        score = logistic(margin)
        listed = self.lists.listed(rows, sight.at)
        lucky = explored(rows["event_id"], self.exploration)
        outcome, marks = outcomes(score, self.thresholds, statuses, listed, lucky, block_at=self._block_at(churn))
        flagged = np.flatnonzero(outcome != APPROVE)
        told = dict[int, list[str]]()
        if flagged.size:
            own = self.thresholds.outcomes(score[flagged]) != APPROVE
            codes = self.mind.codes(sight.features[flagged], hits[flagged], own)
            told = {
                row: joined(each, statuses[row], int(listed[row]))
                for row, each in zip(flagged.tolist(), codes, strict=True)
            }
        return Decisions(sight.features, margin, score, outcome, statuses, listed, marks, told)

    def _block_at(self, churn: Churn | None) -> Doubles | None:
        if self.sparing is None or churn is None:
            return None
        return self.sparing.block_at(self.thresholds.block_at, churn)


def by_rules(bank: Bank, thresholds: Policy, lists: Lists | None = None, exploration: float = 0.0) -> Decider:
    """Decides by the declared rules, and by lists where there are any."""
    return Decider(RulesMind(bank), thresholds, bank.limits, lists or Lists(), exploration)
