"""A reference needs whole days enough, and comes back from an artefact's manifest as it went in."""

import json
from typing import Any

import numpy as np
import pytest

from models.drift import Reference, Tally, judge
from models.drift.stored import reference_of, section
from schemas.errors import Misconfigured, Usage

NAMES = ("amount_minor", "online", "speed_kmh")


def test_days_that_may_be_cut_are_left_out(reference: Reference) -> None:
    """The first and the last; the newest week is the one that ends the day before the last."""
    assert reference.last_day == 20_458 + 28
    assert reference.weekdays[:, 0].sum() == 28 * 4_000
    assert reference.week[:, 0].sum(axis=-1).tolist() == [4_000] * 7
    assert reference.names == (*NAMES, "score")


@pytest.mark.parametrize(("count", "rows"), [(15, 4_000), (30, 1_999), (1, 4_000)])
def test_too_little_is_refused(made: Any, count: int, rows: int) -> None:
    """Fourteen whole days, two thousand rows on each."""
    with pytest.raises(Usage, match="14 whole days in a row with 2,000 transactions"):
        Reference.of(NAMES, *made(0, count, rows=rows))


def test_a_day_that_is_missing_is_refused(made: Any) -> None:
    """The week before a day must be there."""
    matrix, score, day = made(0, 30)
    there = day != day[0] + 10
    with pytest.raises(Usage, match="days in a row"):
        Reference.of(NAMES, matrix[there], score[there], day[there])


def test_nothing_is_refused() -> None:
    """Without rows there are no days."""
    with pytest.raises(Usage, match="there are 0 days"):
        Reference.of(NAMES, np.zeros((0, 3)), np.zeros(0), np.zeros(0, np.int64))


def test_it_judges_the_same_after_a_trip_through_json(reference: Reference, made: Any) -> None:
    """Every number of every verdict."""
    stored = json.dumps(section(reference), allow_nan=False)
    again = reference_of(json.loads(stored), "manifest.json")
    verdicts = []
    for each in (reference, again):
        tally = Tally(each.edges)
        tally.add(*made(29, 5))
        tally.add(*made(34, 3, level=1.1))
        verdicts.append(judge(each, tally))
    assert verdicts[0] == verdicts[1]
    assert verdicts[0][-1].named == ("amount_minor",)
    assert section(again) == section(reference)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "format"),
        ({"last_day": "soon"}, "last_day"),
        ({"more": 1}, "more"),
        ({"noise": 0.0}, "noise"),
        ({"columns": []}, "columns"),
    ],
)
def test_what_is_not_a_reference_is_refused(reference: Reference, change: dict[str, Any], said: str) -> None:
    """By the name of what is wrong."""
    with pytest.raises(Misconfigured, match=rf"manifest.json: histograms\.{said}"):
        reference_of(section(reference) | change, "manifest.json")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"edges": [2.0, 1.0]}, "do not rise"),
        ({"edges": [float("nan")]}, "edges"),
        ({"week": ["1 2"] * 7}, "not one per bin"),
        ({"week": ["9" * 13] * 7}, "week"),
        ({"weekdays": ["1 2 3"] * 6}, "weekdays"),
        ({"rank": 0.5}, "rank"),
        ({"freedom": 0.0}, "freedom"),
    ],
)
def test_a_column_that_is_not_one_is_refused(reference: Reference, change: dict[str, Any], said: str) -> None:
    """An artefact may come from anywhere."""
    stored = section(reference)
    stored["columns"][0] |= change
    with pytest.raises(Misconfigured, match=said):
        reference_of(stored, "manifest.json")


def test_columns_that_count_other_rows_are_refused(reference: Reference) -> None:
    """Every row is in each column once."""
    stored = section(reference)
    line = stored["columns"][0]["week"][0].split()
    stored["columns"][0]["week"][0] = " ".join(["1", *line[1:]])
    with pytest.raises(Misconfigured, match="do not count the same rows"):
        reference_of(stored, "manifest.json")
