"""What a candidate must show before it may replace the live model, on the same weeks and at its own thresholds.

Accuracy is shown and never a gate: approving everything reaches 99 %. A gate that was not run has not passed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Final

from models.judging.bootstrap import Interval

RULES: Final = "rules"
LEAST_RECALL: Final = 0.5
MOST_FPR: Final = 0.05
"""Of genuine transactions; costs that a candidate brings along cannot make more of them right."""
FEWEST_FRAUDS: Final = 30
FEWEST_DAYS: Final = 3
MOST_UNKNOWN: Final = 0.2
RECALL_SLACK: Final = 0.01
PRECISION_SLACK: Final = 0.01
SUSPICIOUS_AUC: Final = 0.97
"""Honest fraud models with delayed labels do not get there; a leak does."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one model on the test weeks."""

    recall: float
    average_precision: float
    auc: float
    accuracy: float
    cost_per_row: float
    fpr: float


@dataclass(frozen=True, slots=True)
class Weight:
    """How much the test weeks can prove; `unknown` is the share of outcomes that nobody knows."""

    frauds: int
    days: int
    unknown: float


@dataclass(frozen=True, slots=True)
class AsOf:
    """Sampled rows whose features were derived again with everything later deleted and unseen labels flipped.

    `features` are the names of those that differ, where they are known.
    """

    rows: int
    different: int
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """`gain` is the paired day-bootstrap interval of what the candidate saves per row against the champion.

    Both with as many alerts. `against` is the champion's digest, or RULES where no model was live.
    """

    candidate: Figures
    champion: Figures
    gain: Interval
    as_of: AsOf
    weight: Weight
    split_by_time: bool
    against: str = RULES


@dataclass(frozen=True, slots=True)
class Verdict:
    """`overridable` ones may be overruled by a person, who is recorded with the reason."""

    gate: str
    passed: bool
    said: str
    overridable: bool = False
    numbers: Mapping[str, float] = field(default_factory=dict)


def enough(evidence: Evidence) -> Verdict:
    """A lucky day proves nothing, nor do weeks of which most outcomes are not known."""
    frauds, days, unknown = evidence.weight.frauds, evidence.weight.days, evidence.weight.unknown
    passed = frauds >= FEWEST_FRAUDS and days >= FEWEST_DAYS and unknown <= MOST_UNKNOWN
    said = (
        f"{frauds} frauds on {days} days, outcome unknown for {unknown:.1%}; {FEWEST_FRAUDS} on {FEWEST_DAYS} and at "
        f"most {MOST_UNKNOWN:.0%} are needed"
    )
    return Verdict("enough", passed, said, numbers={"frauds": frauds, "days": days, "unknown": unknown})


def alarms(evidence: Evidence) -> Verdict:
    found = evidence.candidate.fpr
    said = f"flags {found:.2%} of the genuine at review_at, at most {MOST_FPR:.0%} may be"
    return Verdict("alarms", found <= MOST_FPR, said, numbers={"candidate": found, "most": MOST_FPR})


def recall(evidence: Evidence) -> Verdict:
    found, live = evidence.candidate.recall, evidence.champion.recall
    needed = max(LEAST_RECALL, live - RECALL_SLACK) if isfinite(live) else LEAST_RECALL
    said = f"finds {found:.3f} of the fraud at review_at, needs {needed:.3f}"
    return Verdict("recall", found >= needed, said, numbers={"candidate": found, "live": live, "needed": needed})


def average_precision(evidence: Evidence) -> Verdict:
    found, live = evidence.candidate.average_precision, evidence.champion.average_precision
    needed = live - PRECISION_SLACK
    said = f"reaches {found:.3f}, what is live {live:.3f}"
    numbers = {"candidate": found, "live": live, "needed": needed}
    return Verdict("average_precision", found >= needed, said, numbers=numbers)


def cost(evidence: Evidence) -> Verdict:
    found, live = evidence.candidate.cost_per_row, evidence.champion.cost_per_row
    said = f"costs {found:.2f} minor units a row, what is live {live:.2f}"
    return Verdict("cost", found <= live, said, numbers={"candidate": found, "live": live})


def gain(evidence: Evidence) -> Verdict:
    """Not better by chance, or at least not worse: the upper end of the interval must reach zero."""
    low, middle, high = evidence.gain
    said = f"saves between {low:.2f} and {high:.2f} minor units a row against what is live, at equal alerts"
    return Verdict("gain", high >= 0.0, said, numbers={"low": low, "middle": middle, "high": high})


def leak(evidence: Evidence) -> Verdict:
    rows, different = evidence.as_of.rows, evidence.as_of.different
    named = f": {', '.join(evidence.as_of.features)}" if evidence.as_of.features else ""
    said = f"{different} of {rows} rows have other features when the future is taken away{named}"
    return Verdict("leak", rows > 0 and different == 0, said, numbers={"rows": rows, "different": different})


def split(evidence: Evidence) -> Verdict:
    said = (
        "judged on later weeks"
        if evidence.split_by_time
        else "trained, picked and judged on days that overlap, or on rows drawn at random, which know the future"
    )
    return Verdict("split", evidence.split_by_time, said)


def plausible(evidence: Evidence) -> Verdict:
    auc = evidence.candidate.auc
    said = f"ROC AUC {auc:.3f}; above {SUSPICIOUS_AUC} somebody has to explain it"
    numbers = {"candidate": auc, "most": SUSPICIOUS_AUC}
    return Verdict("plausible", auc <= SUSPICIOUS_AUC, said, overridable=True, numbers=numbers)


GATES: Final[tuple[Callable[[Evidence], Verdict], ...]] = (
    split,
    leak,
    enough,
    plausible,
    recall,
    alarms,
    average_precision,
    cost,
    gain,
)


def judge(evidence: Evidence) -> list[Verdict]:
    """Every gate's word, in a fixed order."""
    return [gate(evidence) for gate in GATES]
