"""Where a published decision is not what the logs give, field by field, numbers to the last bit."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isnan
from typing import Any, Final

from consumer.replaying.recomputed import COPIED
from models.feature_list import FEATURES
from schemas.verdicts import Mark

COLD: Final = Mark.COLD_STATE.symbol
SAME: Final = ("outcome", "reasons", "rules", "model", "policy", "feature_version", "degraded", "epoch")


class Kind(StrEnum):
    """What can be wrong with an offset. FIELD: it has one decision, and that one differs."""

    FIELD = "field"
    MISSING = "missing"
    """The logs give a flag, and none was published."""
    UNASKED = "unasked"
    """Something was published that answers no record, or one that cannot be scored."""
    DOUBLED = "doubled"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Difference:
    kind: Kind
    partition: int
    offset: int
    event_id: str
    place: str
    """Where the published one stands; empty where nothing was."""
    field: str = ""
    published: Any = None
    recomputed: Any = None


def differing(published: Mapping[str, Any], recomputed: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Field, what was published, what was computed anew."""
    for name in COPIED:
        if published[name] != recomputed[name]:
            yield name, published[name], recomputed[name]
    yield from features(published["features"], recomputed["features"])
    for name in ("raw_margin", "score"):
        if not same_bits(published[name], recomputed[name]):
            yield name, published[name], recomputed[name]
    for name in SAME:
        if published[name] != recomputed[name]:
            yield name, published[name], recomputed[name]
    for name, one, other in (
        ("marks", marks(published["marks"]), marks(recomputed["marks"])),
        ("churn.generation", published["churn"]["generation"], recomputed["generation"]),
        *_churn(published["churn"], recomputed["churn"]),
    ):
        if one != other:
            yield name, one, other


def _churn(published: Mapping[str, Any], recomputed: Mapping[str, Any] | None) -> Iterator[tuple[str, Any, Any]]:
    """Nothing to compare where the generation is not kept."""
    for name in ("score", "status") if recomputed is not None else ():
        yield f"churn.{name}", published[name], (recomputed or {})[name]


def features(published: Sequence[float], recomputed: Sequence[float]) -> Iterator[tuple[str, Any, Any]]:
    if len(published) != len(recomputed):
        yield "features", len(published), len(recomputed)
        return
    if _bits(published) == _bits(recomputed):
        return
    for feature, one, other in zip(FEATURES, published, recomputed, strict=False):
        if not same_bits(one, other):
            yield f"features.{feature.name}", one, other


def marks(names: Sequence[str]) -> list[str]:
    """In one order, without what depends on how much of the log there was."""
    return sorted(set(names) - {COLD})


def same_bits(one: float, other: float) -> bool:
    """-0.0 is not 0.0. A number that is not known has many forms, and they all say the same."""
    return _bits([one]) == _bits([other]) or (isnan(one) and isnan(other))


def _bits(numbers: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(numbers)}d", *numbers)
