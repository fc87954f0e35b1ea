"""Which column explains which: when amounts rise, means and ratios of amounts do."""

from collections.abc import Collection
from typing import Final

from models.feature_list import FEATURES, Feature

SCORE: Final = "score"
GENUINE: Final = frozenset({"genuine_z", "genuine_ratio"})
BY_NAME: Final = {feature.name: feature for feature in FEATURES}
OF_A_ROW: Final = {
    "hour": ("night", "weekend", "hours_since_previous"),
    "foreign_country": ("new_country", "speed_kmh"),
    "online": ("new_device", "speed_kmh"),
}


def source(effect: str, moved: Collection[str]) -> str | None:
    """The first of `moved` that explains it and is not itself explained."""
    return next((cause for cause in moved if explains(cause, effect) and source(cause, moved) is None), None)


def explains(cause: str, effect: str) -> bool:
    """Never both ways: from the transaction to its windows, from shorter windows to longer ones, to the score last."""
    if cause in {SCORE, effect}:
        return False
    if effect == SCORE or effect in OF_A_ROW.get(cause, ()):
        return True
    return cause in BY_NAME and effect in BY_NAME and _through_windows(BY_NAME[cause], BY_NAME[effect])


def _through_windows(cause: Feature, effect: Feature) -> bool:
    if cause.name == "amount_minor":
        return effect.group == "amounts" or effect.name in GENUINE
    if cause.window_ms >= effect.window_ms:
        return False
    rarer = cause.group == "frequency" and effect.name == "hours_since_previous"
    return rarer or (cause.window_ms > 0 and _stem(cause.name) == _stem(effect.name))


def _stem(name: str) -> str:
    """A name without its window."""
    return name.rpartition("_")[0]
