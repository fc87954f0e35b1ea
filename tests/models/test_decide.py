from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from models.decide import RulesDecider
from models.features import Places
from models.policy import Outcome, Policy
from models.rules import Limits
from schemas.errors import Misconfigured

Make = Callable[..., pa.RecordBatch]


def decider(**policy: float) -> RulesDecider:
    return RulesDecider(Places("UTC", ("DE",), (7995,)), Limits(), Policy(**policy))


CASES = (
    ({}, Outcome.APPROVE, []),
    ({"amount_minor": 250_000}, Outcome.APPROVE, []),
    ({"amount_minor": 250_000, "country": "BR"}, Outcome.REVIEW, ["amount_high", "foreign_country"]),
    ({"merchant_category": 7995, "country": "BR"}, Outcome.REVIEW, ["foreign_country", "risky_category"]),
    ({"amount_minor": 900_000}, Outcome.BLOCK, ["amount_extreme", "amount_high"]),
    (
        {"amount_minor": 900_000, "country": "BR", "merchant_category": 7995, "channel": "ONLINE", "hour": 1},
        Outcome.BLOCK,
        ["amount_extreme", "amount_high", "foreign_country", "risky_category"],
    ),
)


@pytest.mark.parametrize(("row", "outcome", "reasons"), CASES)
def test_outcome_and_reasons(row: dict[str, object], outcome: Outcome, reasons: list[str], lot: Make) -> None:
    """Scores become outcomes, and flags say why: the strongest rule first, four at most, approvals nothing."""
    decided = decider().decide(lot(row))
    assert (Outcome(int(decided.outcome[0])), decided.reasons(0)) == (outcome, reasons)


def test_a_threshold_that_is_met_is_reached() -> None:
    """A score equal to a threshold has reached it."""
    assert Policy(0.5, 0.9).outcomes(np.array([0.4999, 0.5, 0.8999, 0.9])).tolist() == [0, 1, 1, 2]


def test_the_outcome_can_be_recomputed_from_the_features(lot: Make) -> None:
    """What a decision records is enough to make it again."""
    rows = lot(*(row for row, _, _ in CASES))
    one = decider().decide(rows)
    again = decider().decide(rows.slice(2, 3))
    assert one.features[2:5].tobytes() == again.features.tobytes()
    assert one.score[2:5].tobytes() == again.score.tobytes()


def test_a_policy_that_one_rule_could_reach_is_refused() -> None:
    """Every flag has two reasons at least, so no threshold may be within reach of a lone rule."""
    with pytest.raises(Misconfigured, match="one rule alone"):
        decider(review_at=0.1)


def test_the_digest_follows_what_decides() -> None:
    """Other limits or lists are another model, other thresholds another policy of the same."""
    base = decider()
    other = RulesDecider(Places("UTC", ("DE", "FR"), (7995,)), Limits(), Policy())
    assert base.model.digest != other.model.digest
    assert base.model == decider(block_at=0.95).model
    assert base.policy != decider(block_at=0.95).policy
