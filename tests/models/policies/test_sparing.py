"""What churn does to the threshold of blocking: exactly the formula, never the other way, never a review."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.churn.packed import UNKNOWN
from models.churn.weighed import FRESH, Basis, Churn, nothing, weighed
from models.policies.kinds import ALLOWING, BLOCKING
from models.policies.outcomes import outcomes
from models.policies.policy_file import PolicyFile
from models.policies.sparing import Sparing
from models.policies.wording import Registered, Shelved, Wording
from models.policy import Outcome, Policy
from models.rules import RULES
from schemas.churn import SCALE
from schemas.verdicts import Mark

POLICY = Policy(0.5, 0.9)
SPARING = Sparing(customer_value_minor=20_000, wrong_block_minor=3_000, max_age_ms=93_600_000)
LEAST: dict[str, Any] = {
    "format": 1,
    "kind": "cost",
    "target": None,
    "review_at": 0.5,
    "block_at": 0.9,
    "model": "ab" * 32,
    "costs": {"review_minor": 400, "wrong_block_minor": 3_000},
    "limits": {"amount_high_minor": 1, "amount_extreme_minor": 2},
}
CHURN = {"customer_value_minor": 20_000}


def of(*millionths: int) -> Churn:
    return Churn("g", np.array(millionths, np.int32), np.full(len(millionths), FRESH))


def decided(scores: list[float], churn: Churn | None, listed: list[int] | None = None) -> tuple[list[int], list[str]]:
    rows = len(scores)
    bits = np.array(listed or [0] * rows, np.uint32)
    statuses, no = np.zeros((rows, len(RULES)), np.int8), np.zeros(rows, np.bool_)
    at = None if churn is None else SPARING.block_at(POLICY.block_at, churn)
    outcome, marks = outcomes(np.array(scores), POLICY, statuses, bits, no, block_at=at)
    return outcome.tolist(), [",".join(Mark(int(each)).names()) for each in marks]


def test_the_threshold_is_the_formula_worked_by_hand() -> None:
    """Churn of .15: growth 1 + 20,000 * .15 / 3,000 = 2, so half of the room above the threshold is left."""
    assert SPARING.block_at(0.9, of(0, 150_000, 450_000)).tolist() == [0.9, 1 - (1 - 0.9) / 2, 1 - (1 - 0.9) / 4]


def test_a_wrong_block_costs_the_same_at_every_customers_threshold() -> None:
    """The share of genuine transactions at the threshold, times what a wrong block of that customer costs."""
    churn = np.arange(0, SCALE + 1, 50_000)
    at = SPARING.block_at(0.9, of(*churn.tolist()))
    costs = 3_000 + 20_000 * churn / SCALE
    np.testing.assert_allclose((1 - at) * costs, 0.1 * 3_000, rtol=1e-12)


@given(
    st.floats(0, 1),
    st.lists(st.integers(0, SCALE), min_size=2, max_size=2),
    st.integers(1, 10**11),
    st.integers(1, 10**11),
)
def test_it_only_ever_rises_and_never_past_certainty(usual: float, churn: list[int], value: int, block: int) -> None:
    """More churn, no lower threshold; none of it below the policy's, none above 1."""
    low, high = Sparing(value, block, 1).block_at(usual, of(*sorted(churn))).tolist()
    assert usual <= low <= high <= 1.0


def test_each_row_has_its_own_threshold() -> None:
    """The same score blocks a customer who stays and is looked at where the customer might leave."""
    scores = [0.89, 0.9, 0.9, 0.96, 0.96, 0.4]
    churn = of(0, 0, 150_000, 150_000, 900_000, 900_000)
    assert decided(scores, churn) == (
        [Outcome.REVIEW, Outcome.BLOCK, Outcome.REVIEW, Outcome.BLOCK, Outcome.REVIEW, Outcome.APPROVE],
        ["", "", "spared", "", "spared", ""],
    )


def test_where_nothing_is_known_nothing_changes() -> None:
    """No generation, and no policy that weighs churn: bit for bit the outcomes without it."""
    scores = np.linspace(0, 1, 101).tolist()
    assert decided(scores, nothing(101)) == decided(scores, None)


def test_without_answers_all_rows_weigh_the_mean() -> None:
    """A lot that was cut short treats all its customers alike."""
    cut = weighed(Basis("g", 0, 150_000), None, np.zeros(2, np.int64), 1)
    assert SPARING.block_at(0.9, cut).tolist() == SPARING.block_at(0.9, of(150_000, 150_000)).tolist()


def test_lists_go_before_churn() -> None:
    """Whoever is on a block list is blocked; where an allow list decides, churn made no difference."""
    found = decided([0.91, 0.91, 0.91], of(*[900_000] * 3), [0, int(BLOCKING), int(ALLOWING)])
    assert found == ([Outcome.REVIEW, Outcome.BLOCK, Outcome.REVIEW], ["spared", "listed", "listed"])


def test_a_policy_without_churn_has_the_bytes_it_always_had() -> None:
    """So digests of registered policies hold; one with churn says so and comes back."""
    old = PolicyFile.parse(json.dumps(LEAST).encode())
    assert b"churn" not in old.to_bytes()
    assert PolicyFile.parse_registered(old.to_bytes()).sparing(1) is None
    new = PolicyFile.parse(json.dumps(LEAST | {"churn": CHURN}).encode())
    assert PolicyFile.parse_registered(new.to_bytes()).sparing(93_600_000) == SPARING


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "recall", "target": 0.9},
        {"kind": "budget", "target": 9.0},
        {"costs": {"review_minor": 400, "wrong_block_minor": 0}},
        {"churn": {"customer_value_minor": 0}},
        {"churn": {"customer_value_minor": 1.5}},
        {"churn": {}},
        {"churn": {"customer_value_minor": 1, "tea": 2}},
    ],
)
def test_churn_without_a_cost_to_weigh_it_by_is_refused(change: dict[str, Any]) -> None:
    """Thresholds that were picked for a recall or a budget do not know what a wrong block costs."""
    with pytest.raises(ValueError, match="churn"):
        PolicyFile.parse(json.dumps(LEAST | {"churn": CHURN} | change).encode())


def test_decisions_name_the_age_from_which_scores_were_stale() -> None:
    """It decides, so that whoever recomputes a decision reads it there and not in the settings of the day."""
    wording = Wording(Registered("fraud", 2, "0123456789ab"), Shelved(), 0.0, 93_600_000)
    assert str(wording) == "fraud/2 0123456789ab churn_max_age_ms=93600000"
    assert Wording.parse(str(wording)) == wording
    assert Wording.parse("fraud/2 0123456789ab").churn_max_age_ms is None
    for damaged in ("churn_max_age_ms=0", "churn_max_age_ms=026", "churn_max_age_ms="):
        with pytest.raises(ValueError, match="names no policy"):
            Wording.parse(f"fraud/2 0123456789ab {damaged}")


def test_unknown_is_no_probability() -> None:
    """Its place in the column is below 0, which would lower a threshold."""
    assert UNKNOWN < 0
    assert SPARING.block_at(0.9, nothing(1)).tolist() == [0.9]
