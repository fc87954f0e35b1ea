"""What the page can be told. All of it is JSON to the browser, field by field; what is not known is None."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from typing import Any, Final

from models.policies.reasons import told

SHOWN: Final = (
    "event_id",
    "card_id",
    "customer_id",
    "terminal_id",
    "event_time",
    "amount_minor",
    "currency",
    "score",
    "outcome",
    "model",
    "policy",
    "marks",
    "degraded",
    "scored_at",
    "source",
)


class State(StrEnum):
    """`empty`: it answers and has nothing yet. `unused`: this program was not told to ask it."""

    OK = "ok"
    EMPTY = "empty"
    AWAY = "away"
    UNUSED = "unused"


@dataclass(frozen=True, slots=True)
class Source:
    """Where the page has its facts from; `fix` is the command that mends or fills it."""

    state: State
    said: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    total: int
    per_s: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Of about one second. `latency` says what is measured; `at` is Unix time in milliseconds."""

    at: int
    per_s: float
    outcomes: Mapping[str, Rate]
    p50_ms: float | None
    p99_ms: float | None
    latency: str
    lag_records: int | None
    lag_s: float | None
    answering: int
    workers: int
    partitions: int | None = None
    stages: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds within which 99 of 100 lots pass a stage."""


@dataclass(frozen=True, slots=True)
class Model:
    """`promoted_at` in milliseconds; `name` is `rules` where no model is live."""

    name: str
    version: str
    digest: str
    policy: str
    promoted_at: int | None = None
    review_at: float | None = None
    block_at: float | None = None


@dataclass(frozen=True, slots=True)
class Churn:
    generation: str
    published_at: int
    as_of: int
    rows: int
    model: str


@dataclass(frozen=True, slots=True)
class Note:
    """A degradation, or something else to look at; `fix` may be empty."""

    text: str
    fix: str = ""


Notes = Sequence[Note]


def flag(decision: Mapping[str, Any], truth: str | None = None) -> dict[str, Any]:
    """What the list shows of a decision: its reasons are sentences already, its features stay where they are.

    `truth` is known of simulated ones alone.
    """
    shown = {name: decision.get(name) for name in SHOWN}
    score = decision["score"]
    return shown | {
        "truth": truth,
        "score": score if isfinite(score) else None,
        "reasons": [
            {"code": code, "sentence": sentence}
            for code, sentence in zip(decision["reasons"], told(decision["reasons"]), strict=True)
        ],
    }
