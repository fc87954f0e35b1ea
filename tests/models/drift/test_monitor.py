"""Days are judged by their weekday and by the week before; what moved is named, and stays named while it stands."""

from typing import Any

import numpy as np
import pytest

from models.drift import Reference, Said, Tally, judge
from models.drift.monitor import ADOPTED_DAYS, ALARM

FIRST_DAY = 20_458


def test_usual_days_say_nothing(reference: Reference, tally: Tally) -> None:
    """Neither weekends nor Mondays are drift; the first and the newest day are not judged."""
    found = judge(reference, tally)
    assert [day.day for day in found] == list(range(FIRST_DAY + 30, FIRST_DAY + 43))
    assert {day.said for day in found} == {Said.JUDGED}
    assert not any(day.alarms for day in found)
    assert {(day.rows, day.rows_before) for day in found} == {(4_000, 4_000)}


def test_a_weekday_that_looks_like_another_is_drift(reference: Reference, tally: Tally) -> None:
    """A Monday's share of online on a Tuesday, both usual by themselves."""
    arrays = tally.arrays()
    monday, tuesday = FIRST_DAY + 35, FIRST_DAY + 36
    at = {int(day): position for position, day in enumerate(arrays["drift_days"])}
    arrays["drift_counts"][at[tuesday]] = arrays["drift_counts"][at[monday]]
    found = {day.day: day.named for day in judge(reference, Tally.of(reference.edges, arrays))}
    assert found[tuesday] == ("online",)
    assert found[monday] == ()


def test_a_slow_season_is_no_drift(reference: Reference, made: Any) -> None:
    """Half a per cent a day for eight weeks: far from training in the end, and no alarm on the way."""
    matrix, score, day = made(29, 57, slope=0.005)
    matrix[:, 0] /= np.exp(0.005 * 29)
    tally = Tally(reference.edges)
    tally.add(matrix, score, day)
    found = judge(reference, tally)
    assert not any(day.alarms for day in found)


@pytest.mark.parametrize("name", ["amount_minor", "online", "speed_kmh", "score"])
def test_what_moves_is_named_on_its_day(reference: Reference, tally: Tally, made: Any, name: str) -> None:
    """And nothing else, with the index and what it usually is."""
    matrix, score, day = made(44, 1)
    if name == "amount_minor":
        matrix[:, 0] *= 1.15
    if name == "online":
        matrix[:, 1] = np.maximum(matrix[:, 1], np.random.default_rng(1).random(len(matrix)) < 0.08)
    if name == "speed_kmh":
        matrix[:, 2] *= 1.15
    tally.add(matrix, score * 1.15 if name == "score" else score, day)
    last = judge(reference, tally, FIRST_DAY + 45)[-1]
    assert last.named == (name,)
    alarm = last.alarms[0]
    assert (alarm.day, alarm.since) == (FIRST_DAY + 44, FIRST_DAY + 44)
    assert alarm.deviations >= ALARM
    assert alarm.psi > alarm.expected > 0
    assert alarm.since_training > alarm.expected


def test_what_follows_is_told_apart(reference: Reference, tally: Tally, made: Any) -> None:
    """More online means more rows without a place: the flag is named, the rest follows, the score too."""
    matrix, score, day = made(44, 1)
    more = (matrix[:, 1] == 0) & (np.random.default_rng(1).random(len(matrix)) < 0.1)
    matrix[more, 1], matrix[more, 2] = 1.0, np.nan
    tally.add(matrix, np.where(more, 0.9, score), day)
    last = judge(reference, tally, FIRST_DAY + 45)[-1]
    assert last.named == ("online",)
    assert set(last.following) == {"speed_kmh", "score"}
    assert {alarm.follows for alarm in last.alarms[1:]} == {"online"}


def test_an_alarm_stands_while_the_shift_does_and_then_the_new_level_is_usual(
    reference: Reference, tally: Tally, made: Any
) -> None:
    """Nothing is learned from it for two weeks; a week later the last old weekday is replaced."""
    tally.add(*made(44, 40, level=1.2))
    found = [day for day in judge(reference, tally) if day.day >= FIRST_DAY + 44]
    named = [day.named == ("amount_minor",) for day in found]
    assert all(named[: ADOPTED_DAYS + 1])
    assert not any(named[ADOPTED_DAYS + 7 :])
    assert {alarm.since for day in found for alarm in day.alarms} == {FIRST_DAY + 44}


def test_a_shift_that_ends_leaves_no_trace(reference: Reference, tally: Tally, made: Any) -> None:
    """Its days were not learned from."""
    tally.add(*made(44, 3, level=1.2))
    tally.add(*made(47, 15))
    found = judge(reference, tally)
    assert [day.day - FIRST_DAY for day in found if day.alarms] == [44, 45, 46]


def test_few_rows_give_no_verdict(reference: Reference, tally: Tally, made: Any) -> None:
    """However strange they are; nor does a day without any."""
    tally.add(*made(44, 1, level=5.0, rows=1_999))
    tally.add(*made(46, 2))
    poor, empty, usual = judge(reference, tally)[-3:]
    assert (poor.said, poor.rows, poor.alarms) == (Said.NOT_ENOUGH_ROWS, 1_999, ())
    assert (empty.said, empty.rows) == (Said.NOT_ENOUGH_ROWS, 0)
    assert (usual.said, usual.alarms) == (Said.JUDGED, ())


def test_after_a_long_gap_a_week_is_learned_first(reference: Reference, made: Any) -> None:
    """A level that moved while nobody looked is no alarm; what moves after that week is."""
    tally = Tally(reference.edges)
    tally.add(*made(90, 10, level=1.3))
    tally.add(*made(100, 2, level=1.6))
    found = judge(reference, tally)
    assert [day.said for day in found[:7]] == [Said.LEARNING] * 7
    assert {day.said for day in found[7:]} == {Said.JUDGED}
    assert [day.named for day in found[7:]] == [(), (), ("amount_minor",)]


def test_nothing_counted_is_nothing_said(reference: Reference) -> None:
    """No days, no verdicts."""
    assert judge(reference, Tally(reference.edges)) == []
