"""What a lot adds to the counters of rules, and which marks are worth a warning."""

import numpy as np

from consumer import metrics
from consumer.scoring import Tally, mark_counts, rule_counts
from consumer.worker import EXPECTED_NAMES, count
from models.rules import RULES, Status
from schemas.verdicts import Mark


def value(rule: str, status: str) -> float:
    return metrics.REGISTRY.get_sample_value("fraudstream_rules_total", {"rule": rule, "status": status}) or 0.0


def test_each_rule_is_counted_by_what_it_came_to() -> None:
    """Hits, snoozed hits and errors, each under its rule; what did not hit is not counted."""
    statuses = np.zeros((4, len(RULES)), np.int8)
    statuses[:3, 0] = Status.HIT
    statuses[:2, 1] = Status.SNOOZED
    statuses[3, 2] = Status.ERROR
    codes = [rule.code for rule in RULES]
    keys = [(codes[0], "hit"), (codes[1], "snoozed"), (codes[2], "error"), (codes[3], "hit")]
    before = [value(*key) for key in keys]
    count(Tally(4, {}, {}, {}, rule_counts(statuses), {}, (), 0), 1.0)
    assert [value(*key) - was for key, was in zip(keys, before, strict=True)] == [3, 2, 1, 0]


def test_what_was_asked_for_is_no_warning() -> None:
    """What somebody wanted is no news, nor that a log has to begin somewhere. A broken rule is news."""
    assert {"listed", "explored", "spared", "cold_state"} == EXPECTED_NAMES
    assert Mark.RULE_ERROR.names()[0] not in EXPECTED_NAMES


def test_marks_are_counted_by_row() -> None:
    """Each of a row's marks once; where there are none, all of them are there with nothing."""
    marks = np.array([Mark.LATE | Mark.COLD_STATE, Mark.LATE, 0], np.uint32)
    nothing = mark_counts(marks[2:])
    assert set(nothing) == {str(mark.name).lower() for mark in Mark}
    assert not any(nothing.values())
    assert mark_counts(marks) == nothing | {"late": 2, "cold_state": 1}
