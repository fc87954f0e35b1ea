"""From scores to outcomes: the one place where thresholds, exploration, lists and broken rules meet.

1. score      approve, review or block, by the thresholds
2. explore    a block becomes a review, for the share that is explored
3. allow      a block becomes a review, for whoever is on an allow list
4. block      whoever is on a block list is blocked, whatever was said before

Nothing here changes a score. What a row's decision owes to lists or exploration stands in its marks.
"""

import numpy as np
from numpy.typing import NDArray

from models.numbers import Doubles
from models.policies.kinds import ALLOWING, BLOCKING, Bits
from models.policy import Outcome, Policy
from models.rules import Status, Statuses
from schemas.verdicts import Mark

Outcomes = NDArray[np.int8]
Marks = NDArray[np.uint32]


def outcomes(
    scores: Doubles, thresholds: Policy, statuses: Statuses, listed: Bits, explored: NDArray[np.bool_]
) -> tuple[Outcomes, Marks]:
    """One entry per row in each. `explored`: whether the row is in the share, not whether that makes a difference."""
    outcome = thresholds.outcomes(scores)
    marks = np.zeros(len(outcome), np.uint32)
    if (errors := statuses == Status.ERROR).any():
        marks[errors.any(axis=1)] |= np.uint32(Mark.RULE_ERROR)
    if listed.any() or explored.any():
        _overrule(outcome, marks, listed, explored)
    return outcome, marks


def _overrule(outcome: Outcomes, marks: Marks, listed: Bits, explored: NDArray[np.bool_]) -> None:
    held = listed & (BLOCKING | ALLOWING) != 0
    marks[held] |= np.uint32(Mark.LISTED)
    would = outcome == Outcome.BLOCK
    lucky = would & explored & ~held
    marks[lucky] |= np.uint32(Mark.EXPLORED)
    outcome[would & ((listed & ALLOWING != 0) | lucky)] = Outcome.REVIEW
    outcome[listed & BLOCKING != 0] = Outcome.BLOCK
