import json
from collections.abc import Callable
from typing import Any

import pytest

from models.judging.evidence import SECTION, evidence, record
from models.judging.figures import About, Report
from models.judging.gates import AsOf
from schemas.errors import Misconfigured

Make = Callable[..., Report]
DIGEST = "c" * 64


@pytest.fixture
def section(make: Make) -> dict[str, Any]:
    return record(make(), "poor", DIGEST, AsOf(900, 2, ("terminal_count_1d",)))


def test_what_is_recorded_reads_back(make: Make, section: dict[str, Any]) -> None:
    """The figures of both models are of one report."""
    found = evidence({SECTION: json.loads(json.dumps(section, allow_nan=False))}, "here")
    first, champion = make().contenders[:2]
    assert found.candidate.average_precision == first.average_precision
    assert found.candidate.recall == first.review.tally.recall
    assert found.champion.cost_per_row == champion.cost_per_row
    assert found.gain.low == make().leads[0].saved_per_row.low
    assert (found.against, found.split_by_time) == (DIGEST, True)
    assert found.as_of == AsOf(900, 2, ("terminal_count_1d",))


@pytest.mark.parametrize("period", ["train", "pick"])
def test_a_split_that_overlaps_is_none_by_time(section: dict[str, Any], period: str) -> None:
    """Whatever the artefact claims of itself."""
    weeks = section["split"]["weeks"]
    weeks[period][1] = weeks["test"][0] + 1
    assert not evidence({SECTION: section}, "here").split_by_time


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda said: said.pop("gain"), "evidence.gain"),
        (lambda said: said["candidate"].update(recall="high"), "evidence.candidate.recall"),
        (lambda said: said.update(format=2), "evidence.format"),
        (lambda said: said["as_of"].update(rows=-1), "evidence.as_of.rows"),
    ],
)
def test_what_cannot_be_read_is_no_evidence(section: dict[str, Any], spoil: Callable[[Any], Any], said: str) -> None:
    """The place is named."""
    spoil(section)
    with pytest.raises(Misconfigured, match=said):
        evidence({SECTION: section}, "here")


def test_no_evidence_is_said() -> None:
    """With what records it."""
    with pytest.raises(Misconfigured, match="here has no evidence") as error:
        evidence({"average_precision": 0.7}, "here")
    assert "fraudstream train" in error.value.fix


def test_only_what_was_judged_together_is_recorded(make: Make) -> None:
    """A champion that is not in the report, or a report without its split, makes no evidence."""
    for report, name in ((make(), "somebody"), (make(), "good"), (make(about=About()), "poor")):
        with pytest.raises(ValueError, match="no contender"):
            record(report, name, DIGEST, AsOf(1, 0))
