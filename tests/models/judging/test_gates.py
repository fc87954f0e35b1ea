from dataclasses import replace
from math import nan

import pytest

from models.judging.bootstrap import Interval
from models.judging.gates import GATES, AsOf, Evidence, Figures, Weight, judge

LIVE = Figures(recall=0.80, average_precision=0.70, auc=0.90, accuracy=0.99, cost_per_row=12.0, fpr=0.01)
GOOD = Evidence(
    candidate=Figures(recall=0.82, average_precision=0.72, auc=0.91, accuracy=0.98, cost_per_row=11.0, fpr=0.02),
    champion=LIVE,
    gain=Interval(0.2, 1.0, 1.8),
    as_of=AsOf(rows=500, different=0),
    weight=Weight(frauds=90, days=7, unknown=0.03),
    split_by_time=True,
)


def refused(evidence: Evidence) -> set[str]:
    return {verdict.gate for verdict in judge(evidence) if not verdict.passed}


def candidate(**figures: float) -> Evidence:
    return replace(GOOD, candidate=replace(GOOD.candidate, **figures))


def test_a_better_model_passes_every_gate() -> None:
    """And each gate said something."""
    verdicts = judge(GOOD)
    assert refused(GOOD) == set()
    assert len(verdicts) == len(GATES) == len({verdict.gate for verdict in verdicts})
    assert all(verdict.said for verdict in verdicts)


@pytest.mark.parametrize(
    ("evidence", "gate"),
    [
        (candidate(recall=0.70), "recall"),
        (candidate(average_precision=0.60), "average_precision"),
        (candidate(cost_per_row=12.1), "cost"),
        (candidate(auc=0.985), "plausible"),
        (candidate(fpr=0.99), "alarms"),
        (replace(GOOD, weight=Weight(29, 7, 0.0)), "enough"),
        (replace(GOOD, weight=Weight(90, 2, 0.0)), "enough"),
        (replace(GOOD, weight=Weight(90, 7, 0.21)), "enough"),
        (replace(GOOD, gain=Interval(-3.0, -2.0, -0.5)), "gain"),
        (replace(GOOD, as_of=AsOf(rows=500, different=1)), "leak"),
        (replace(GOOD, as_of=AsOf(rows=0, different=0)), "leak"),
        (replace(GOOD, split_by_time=False), "split"),
    ],
)
def test_each_fault_is_refused_by_its_own_gate(evidence: Evidence, gate: str) -> None:
    """A refusal names what is wrong, and only that."""
    assert refused(evidence) == {gate}


def test_accuracy_cannot_carry_a_model() -> None:
    """98 % accuracy with 12 % recall is refused, whatever the live model is."""
    poor = candidate(accuracy=0.98, recall=0.12)
    assert "recall" in refused(poor)
    assert "recall" in refused(replace(poor, champion=replace(LIVE, recall=0.05)))
    assert not any("accuracy" in verdict.gate for verdict in judge(poor))


def test_figures_that_are_none_do_not_pass() -> None:
    """A week without fraud proves nothing."""
    assert {"recall", "average_precision", "cost", "plausible", "alarms"} <= refused(
        candidate(recall=nan, average_precision=nan, cost_per_row=nan, auc=nan, fpr=nan)
    )


def test_only_the_suspicion_can_be_overruled() -> None:
    """A person can explain a high figure; nobody can explain a leak away."""
    assert {verdict.gate for verdict in judge(GOOD) if verdict.overridable} == {"plausible"}
