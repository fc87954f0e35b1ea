"""What explains what: each column by what goes into it, never the other way."""

import pytest

from models.drift.causes import explains, source
from models.feature_list import FEATURES

NAMES = [*(feature.name for feature in FEATURES), "score"]


@pytest.mark.parametrize(
    ("cause", "effect"),
    [
        ("amount_minor", "ratio_median_30d"),
        ("amount_minor", "genuine_z"),
        ("hour", "night"),
        ("online", "speed_kmh"),
        ("count_10min", "count_7d"),
        ("count_1h", "hours_since_previous"),
        ("terminal_fraud_share_1d", "terminal_fraud_share_30d"),
        ("mean_1d", "score"),
    ],
)
def test_causes_explain_effects(cause: str, effect: str) -> None:
    """From the row to its windows, from short windows to long ones, from anything to the score."""
    assert explains(cause, effect)


@pytest.mark.parametrize("cause", NAMES)
def test_nothing_explains_what_explains_it(cause: str) -> None:
    """Nor itself; and the score explains nothing."""
    assert not any(explains(cause, effect) and explains(effect, cause) for effect in NAMES)
    assert not explains(cause, cause)
    assert not explains("score", cause)


def test_the_source_is_what_nothing_explains() -> None:
    """Of everything that moved; alone a column explains itself."""
    moved = ["score", "ratio_mean_30d", "mean_1d", "amount_minor", "hour"]
    assert source("ratio_mean_30d", moved) == "amount_minor"
    assert source("score", moved) == "amount_minor"
    assert source("amount_minor", moved) is None
    assert source("hour", moved) is None
    assert source("ratio_mean_30d", ["ratio_mean_30d", "score"]) is None
    assert source("count_30d", ["count_30d", "count_1d", "count_1h"]) == "count_1h"
