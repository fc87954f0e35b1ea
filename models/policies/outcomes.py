"""From scores to outcomes: the one place where thresholds, churn, exploration, lists and broken rules meet.

1. score      approve, review or block, by the thresholds; that of blocking may be higher for whoever is about to leave
2. explore    a block becomes a review, for the share that is explored
3. allow      a block becomes a review, for whoever is on an allow list
4. block      whoever is on a block list is blocked, whatever was said before

Nothing here changes a score. What a row's decision owes to churn, lists or exploration stands in its marks.
"""

import numpy as np
from numpy.typing import NDArray

from models.numbers import Doubles
from models.policies.kinds import ALLOWING, BLOCKING, Bits
from models.policy import BLOCK, REVIEW, Policy
from models.rules import ERROR, Statuses
from schemas.verdicts import Mark

Outcomes = NDArray[np.int8]
Marks = NDArray[np.uint32]


def outcomes(
    scores: Doubles,
    thresholds: Policy,
    statuses: Statuses,
    listed: Bits,
    explored: NDArray[np.bool_],
    *,
    block_at: Doubles | None = None,
) -> tuple[Outcomes, Marks]:
    """One entry per row in each. `explored`: whether the row is in the share, not whether that makes a difference.

    `block_at`: by row, where that is not the policy's.
    """
    outcome = thresholds.outcomes(scores, block_at)
    marks = np.zeros(len(outcome), np.uint32)
    if (errors := statuses == ERROR).any():
        marks[errors.any(axis=1)] |= np.uint32(Mark.RULE_ERROR)
    if block_at is not None:
        marks[(scores >= thresholds.block_at) & (scores < block_at) & ~_held(listed)] |= np.uint32(Mark.SPARED)
    if listed.any() or explored.any():
        _overrule(outcome, marks, listed, explored)
    return outcome, marks


def _overrule(outcome: Outcomes, marks: Marks, listed: Bits, explored: NDArray[np.bool_]) -> None:
    held = _held(listed)
    marks[held] |= np.uint32(Mark.LISTED)
    would = outcome == BLOCK
    lucky = would & explored & ~held
    marks[lucky] |= np.uint32(Mark.EXPLORED)
    outcome[would & ((listed & ALLOWING != 0) | lucky)] = REVIEW
    outcome[listed & BLOCKING != 0] = BLOCK


def _held(listed: Bits) -> NDArray[np.bool_]:
    """By a list, so that nothing else makes a difference."""
    found: NDArray[np.bool_] = listed & (BLOCKING | ALLOWING) != 0
    return found
