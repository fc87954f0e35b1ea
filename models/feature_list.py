"""What a decision looks at, as one declared list: the columns of the feature matrix, in this order, for ever.

Training, serving and the documentation read this list. A change to it or to the meaning of an entry is a new
FEATURE_VERSION. A value that is not known is NaN.
"""

from dataclasses import dataclass
from typing import Final, Literal

DAY_MS: Final = 86_400_000
LONGEST_MS: Final = 30 * DAY_MS
LABELS_MS: Final = 90 * DAY_MS

FEATURE_VERSION: Final = 3
ROW_VERSION: Final = 1
"""Of a decision that looks at the transaction alone: its features are the first of the list, the group `row`."""

Group = Literal["row", "frequency", "amounts", "habits", "card_labels", "terminal_labels"]
Kind = Literal["integer", "boolean", "number"]
SPANS: Final = {
    "10min": (600_000, "10 minutes"),
    "1h": (3_600_000, "hour"),
    "1d": (DAY_MS, "day"),
    "7d": (7 * DAY_MS, "7 days"),
    "30d": (30 * DAY_MS, "30 days"),
}
LABEL_SPANS: Final = ("1d", "7d", "30d")


@dataclass(frozen=True, slots=True)
class Feature:
    """`window_ms` is what it looks back over; nothing older than `horizon_ms` can change it; 0: the row alone."""

    name: str
    meaning: str
    group: Group
    kind: Kind
    window_ms: int = 0
    horizon_ms: int = 0


def _row(name: str, meaning: str, kind: Kind = "boolean") -> Feature:
    return Feature(name, meaning, "row", kind)


def _counts() -> tuple[Feature, ...]:
    return tuple(
        Feature(
            f"count_{key}", f"events of the card in the last {words}, with this one", "frequency", "integer", ms, ms
        )
        for key, (ms, words) in SPANS.items()
    )


def _means() -> tuple[Feature, ...]:
    return tuple(
        Feature(
            f"mean_{key}", f"mean amount of the card in the last {words}, with this one", "amounts", "number", ms, ms
        )
        for key, (ms, words) in SPANS.items()
    )


def _month(name: str, meaning: str, group: Group, kind: Kind = "number") -> Feature:
    return Feature(name, meaning, group, kind, LONGEST_MS, LONGEST_MS)


def _labelled(name: str, meaning: str, group: Group, kind: Kind = "number") -> Feature:
    return Feature(name, meaning, group, kind, LABELS_MS, LABELS_MS)


def _terminal() -> tuple[Feature, ...]:
    def entry(name: str, meaning: str, kind: Kind, key: str) -> Feature:
        ms, words = SPANS[key]
        return Feature(f"terminal_{name}_{key}", meaning.format(words), "terminal_labels", kind, ms, ms)

    counts = (entry("count", "labels of the terminal in the last {} of steps", "integer", key) for key in LABEL_SPANS)
    shares = (entry("fraud_share", "share of fraud in the labels of the last {}", "number", key) for key in LABEL_SPANS)
    return (*counts, *shares)


FEATURES: Final[tuple[Feature, ...]] = (
    _row("amount_minor", "amount in minor units of the reference currency", "integer"),
    _row("hour", "hour of day in the policy's time zone, 0 to 23", "integer"),
    _row("night", "1 from midnight to 6 o'clock"),
    _row("weekend", "1 on Saturday and Sunday"),
    _row("foreign_country", "1 if the terminal's country is known and not a home country"),
    _row("risky_category", "1 if the merchant category is on the policy's list"),
    _row("online", "1 if the card was not present: online or by phone"),
    *_counts(),
    *_means(),
    _month("ratio_mean_30d", "amount over the mean of the 30 days before", "amounts"),
    _month("ratio_median_30d", "amount over the median of the 30 days before", "amounts"),
    _month("ratio_highest_30d", "amount over the highest of the 30 days before", "amounts"),
    _month("outliers_14d", "events of the 14 days before of more than three times that median", "amounts", "integer"),
    _month("hours_since_previous", "hours since the event before, in 30 days", "frequency"),
    _month(
        "new_device", "1 for the first day of a device on the card, if others were there before", "habits", "boolean"
    ),
    _month(
        "new_country", "1 for the first day of a country on the card, if others were there before", "habits", "boolean"
    ),
    _month("speed_kmh", "kilometres per hour from the card's place before, in 30 days", "habits"),
    _labelled("genuine_z", "standard deviations from the mean of the card's confirmed genuine amounts", "card_labels"),
    _labelled("genuine_ratio", "amount over the mean of the card's confirmed genuine amounts", "card_labels"),
    _labelled("card_days_since_fraud", "days since the card's last confirmed fraud", "card_labels"),
    _labelled("card_last_label", "1 if the card's last label says fraud", "card_labels", "boolean"),
    *_terminal(),
    _labelled("terminal_days_since_first_fraud", "days since the first fraud of its episode", "terminal_labels"),
    _labelled("terminal_days_since_last_fraud", "days since the last fraud of its episode", "terminal_labels"),
    _labelled("terminal_fraud_run", "frauds in a row among the terminal's last labels", "terminal_labels", "integer"),
    _labelled("terminal_last_label", "1 if the terminal's last label says fraud", "terminal_labels", "boolean"),
)
LABEL_GROUPS: Final = ("card_labels", "terminal_labels")
ROW_FEATURES: Final = tuple(each for each in FEATURES if each.group == "row")
CARD_FEATURES: Final = tuple(each for each in FEATURES if each.group not in {"row", *LABEL_GROUPS})
LABEL_FEATURES: Final = tuple(each for each in FEATURES if each.group in LABEL_GROUPS)
"""These three, in this order, are the list."""
POSITION: Final = {feature.name: position for position, feature in enumerate(FEATURES)}
