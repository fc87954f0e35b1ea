"""Which fields are compared, and what counts as the same."""

from math import nan
from typing import Any

import pytest

from consumer.replaying.difference import differing, same_bits
from models.feature_list import FEATURES

MODEL = {"name": "rules", "version": "1", "digest": "ab"}
RECOMPUTED: dict[str, Any] = {
    **{name: name for name in ("event_id", "card_id", "customer_id", "terminal_id", "currency", "policy")},
    "event_time": 1,
    "amount_minor": 2,
    "features": [0.5] * len(FEATURES),
    "raw_margin": 0.1,
    "score": 0.2,
    "outcome": "review",
    "reasons": ["a", "b"],
    "rules": ["a"],
    "marks": ["late"],
    "epoch": 7,
    "model": MODEL,
    "feature_version": 3,
    "degraded": [],
    "generation": "g",
    "churn": None,
}
CHURN = {"score": 0.5, "status": "fresh", "generation": "g"}
PUBLISHED = RECOMPUTED | {"churn": CHURN, "scored_at": 1}


def found(**changes: Any) -> list[str]:
    return [name for name, _, _ in differing(PUBLISHED | changes, RECOMPUTED)]


def test_equal_decisions_do_not_differ() -> None:
    """The clock, the mark of cold state and churn of a generation that is not kept are no part of what is compared."""
    churn = {"score": 0.9, "status": "stale", "generation": "g"}
    assert found(churn=churn, scored_at=9, marks=["cold_state", "late"]) == []


@pytest.mark.parametrize("name", sorted(set(RECOMPUTED) - {"features", "generation", "marks", "churn"}))
def test_every_other_field_is_compared(name: str) -> None:
    """One that was altered is named."""
    altered = {float: 0.25, int: 8, str: "x", list: ["x"], dict: {}}[type(RECOMPUTED[name])]
    assert found(**{name: altered}) == [name]


def test_features_marks_and_generation_are_compared() -> None:
    """Features by their names; too many or too few are one difference."""
    features = [0.5] * len(FEATURES)
    features[4] = nan
    assert found(features=features) == [f"features.{FEATURES[4].name}"]
    assert found(features=features[:-1]) == ["features"]
    assert found(marks=[]) == ["marks"]
    assert found(churn=PUBLISHED["churn"] | {"generation": "h"}) == ["churn.generation"]


def test_churn_is_compared_where_its_generation_is_kept() -> None:
    """Score and status, each by its name."""
    kept = RECOMPUTED | {"churn": CHURN}
    for name, altered in (("score", 0.500001), ("status", "stale")):
        published = PUBLISHED | {"churn": CHURN | {name: altered}}
        assert [each for each, _, _ in differing(published, kept)] == [f"churn.{name}"]
    assert list(differing(PUBLISHED, kept)) == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [(0.1 + 0.2, 0.3, False), (0.0, -0.0, False), (nan, -nan, True), (nan, 1.0, False), (1e300, 1e300, True)],
)
def test_numbers_are_the_same_to_the_last_bit(one: float, other: float, same: bool) -> None:
    """Zeros have signs; what is not known is not known in any form."""
    assert same_bits(one, other) is same
