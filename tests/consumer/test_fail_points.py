"""Fail points are for tests, and nobody else gets to them."""

import pytest
from support.handshake import handshake

from consumer.fail_points import VARIABLE, FailPoints
from schemas.errors import Misconfigured
from schemas.settings import Settings, load


def points(env: dict[str, str], bootstrap: str = "127.0.0.1:9092") -> FailPoints:
    return FailPoints.of(load({"kafka.bootstrap": bootstrap}, env={}), "w", env)


def test_they_are_off() -> None:
    """Parts stay what they are where nothing was asked for."""
    part = object()
    off = points({})
    assert off.producer(part) is off.source(part) is off.store(part) is part


@pytest.mark.parametrize(
    ("value", "bootstrap", "said"),
    [
        ("begun:/nowhere/at/all", "127.0.0.1:9092", "nobody listens"),
        ("begun", "127.0.0.1:9092", "nobody listens"),
        ("1", "127.0.0.1:9092", "no step"),
        ("begun,sideways:/nowhere", "127.0.0.1:9092", "sideways"),
        ("begun:/nowhere", "127.0.0.1:9092,kafka-1.bank.example:9092", "not this machine"),
    ],
)
def test_a_worker_does_not_start_with_them(value: str, bootstrap: str, said: str) -> None:
    """Without a test that listens, with brokers elsewhere, or with steps that there are not."""
    with pytest.raises(Misconfigured, match=said):
        points({VARIABLE: value}, bootstrap)


def test_they_are_no_setting() -> None:
    """No file, no flag and no variable of a setting can ask for them."""
    assert not any("fail" in name for name in Settings.model_fields)
    with pytest.raises(Misconfigured, match="no such setting"):
        load({}, env={"FRAUDSTREAM_FAIL_AT": "begun:/nowhere"})


def test_a_step_waits_for_its_answer() -> None:
    """`fail` ends the call as a timeout would; a test that went away holds nobody."""
    with handshake() as here:
        armed = points(here.variable("begun"))
        assert here.pids.keys() == {"w"}
        armed.reach("begun")
        armed.reach("committed")
        assert list(here.turns.values()) == [1]
    armed.reach("begun")
