"""From scores to outcomes: what lists, exploration and broken rules do, case by case and in any lot."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.policies.kinds import BIT, KINDS
from models.policies.outcomes import outcomes
from models.policy import Outcome, Policy
from models.rules import RULES, Status
from schemas.verdicts import Mark

POLICY = Policy(0.5, 0.9)
APPROVE, REVIEW, BLOCK = Outcome
BLOCKED, ALLOWED = BIT["card_block"], BIT["customer_allow"]
NONE, LISTED, EXPLORED = Mark.NONE, Mark.LISTED, Mark.EXPLORED

CASES = (
    (0.1, 0, False, APPROVE, NONE),
    (0.6, 0, False, REVIEW, NONE),
    (0.95, 0, False, BLOCK, NONE),
    (0.1, 0, True, APPROVE, NONE),
    (0.6, 0, True, REVIEW, NONE),
    (0.95, 0, True, REVIEW, EXPLORED),
    (0.1, ALLOWED, False, APPROVE, LISTED),
    (0.6, ALLOWED, False, REVIEW, LISTED),
    (0.95, ALLOWED, False, REVIEW, LISTED),
    (0.95, ALLOWED, True, REVIEW, LISTED),
    (0.1, BLOCKED, False, BLOCK, LISTED),
    (0.6, BLOCKED, True, BLOCK, LISTED),
    (0.95, BLOCKED, True, BLOCK, LISTED),
    (0.1, BLOCKED | ALLOWED, False, BLOCK, LISTED),
    (0.95, BLOCKED | ALLOWED, True, BLOCK, LISTED),
)


def decided(scores: list[float], listed: list[int], explored: list[bool]) -> tuple[list[int], list[int]]:
    statuses = np.zeros((len(scores), len(RULES)), np.int8)
    found = outcomes(np.array(scores), POLICY, statuses, np.array(listed, np.uint32), np.array(explored, np.bool_))
    return found[0].tolist(), found[1].tolist()


@pytest.mark.parametrize(("score", "listed", "explored", "outcome", "mark"), CASES)
def test_what_becomes_of_a_score(score: float, listed: int, explored: bool, outcome: Outcome, mark: Mark) -> None:
    """Block beats allow; allow and exploration make a review of a block and touch nothing else."""
    assert decided([score], [listed], [explored]) == ([outcome], [mark])


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 2 ** len(KINDS) - 1), st.booleans()), min_size=1, max_size=40)
)
def test_rows_do_not_see_each_other(rows: list[tuple[float, int, bool]]) -> None:
    """A lot is its rows, each decided alone."""
    together = decided(*map(list, zip(*rows, strict=True)))  # type: ignore[arg-type]
    alone = [decided([score], [listed], [lucky]) for score, listed, lucky in rows]
    assert together == ([row[0][0] for row in alone], [row[1][0] for row in alone])


@pytest.mark.parametrize("status", list(Status))
def test_a_broken_rule_is_marked(status: Status) -> None:
    """On the row where it broke; other statuses leave no mark."""
    statuses = np.zeros((2, len(RULES)), np.int8)
    statuses[1, 2] = status
    _, marks = outcomes(np.zeros(2), POLICY, statuses, np.zeros(2, np.uint32), np.zeros(2, np.bool_))
    assert marks.tolist() == [0, Mark.RULE_ERROR if status is Status.ERROR else 0]


def test_a_snooze_is_no_list_of_a_row() -> None:
    """Its bit does nothing."""
    assert decided([0.95], [BIT["rule_snooze"]], [False]) == ([BLOCK], [NONE])


def test_scores_are_left_alone() -> None:
    """They are what they were, for whoever looks at them afterwards."""
    scores = np.array([0.95, 0.1])
    statuses = np.zeros((2, len(RULES)), np.int8)
    outcomes(scores, POLICY, statuses, np.array([ALLOWED, BLOCKED], np.uint32), np.zeros(2, np.bool_))
    assert scores.tolist() == [0.95, 0.1]
