"""The declared reasons that a model can give, each for a group of features; every feature is in one of them.

Evidence that two groups share cannot be split between them, so nearly equal ones stand in this order: the more a
reason says about how the fraud was done, the earlier.
"""

from dataclasses import dataclass
from typing import Final

from models import rules
from models.feature_list import FEATURES, POSITION


@dataclass(frozen=True, slots=True)
class Code:
    """`code` is stable and stands in decisions; `sentence` is for people."""

    code: str
    sentence: str
    features: tuple[str, ...]

    @property
    def columns(self) -> list[int]:
        return [POSITION[name] for name in self.features]


def _of_group(group: str, *others: str) -> tuple[str, ...]:
    return (*(feature.name for feature in FEATURES if feature.group == group), *others)


CODES: Final = (
    Code(
        "burst",
        "The card is used again and again within minutes.",
        ("count_10min", "count_1h", "count_1d", "mean_10min", "mean_1h", "hours_since_previous"),
    ),
    Code(
        "terminal_fraud",
        "Fraud was confirmed at this terminal not long ago.",
        _of_group("terminal_labels"),
    ),
    Code(
        "new_device_country",
        "The device or the country is new to this card, or its owner cannot have travelled there.",
        _of_group("habits", "foreign_country"),
    ),
    Code(
        "amount_unusual",
        "The amount is not one that this card usually pays.",
        (
            "amount_minor",
            "mean_1d",
            "mean_7d",
            "mean_30d",
            "ratio_mean_30d",
            "ratio_median_30d",
            "ratio_highest_30d",
            "outliers_14d",
            "genuine_z",
            "genuine_ratio",
        ),
    ),
    Code(
        "card_fraud",
        "Fraud was confirmed on this card not long ago.",
        ("card_days_since_fraud", "card_last_label"),
    ),
    Code(
        "unusual_use",
        "Time, channel, merchant or pace of use are those of frauds rather than of its owner.",
        ("hour", "night", "weekend", "online", "risky_category", "count_7d", "count_30d"),
    ),
)
SENTENCES: Final = {each.code: each.sentence for each in CODES} | rules.SENTENCES
"""Of every code that a decision can have, those of the rules too."""
