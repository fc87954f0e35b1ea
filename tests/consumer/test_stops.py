"""Which partitions stand still, and what is said and counted of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from consumer.dead_letter_limits import Counters, encode
from consumer.metrics import DEAD_LETTER_STOPS, DEAD_LETTERS_STOPPED, DEGRADED, PARTITIONS_STOPPED
from consumer.stops import Stops
from schemas.orders import Order, Verb
from schemas.standing import Standing

STOPPED = encode(Counters(7, 10, 3, (3,), 36))
FREE = Standing("g")


def ordered(verb: Verb, **fields: Any) -> Order:
    now = datetime(2026, 1, 5, tzinfo=UTC)
    return Order(**{"verb": verb, "group": "g", "who": "ann", "why": "x", "at": now} | fields)


@dataclass
class Source:
    texts: dict[int, str] = field(default_factory=dict)
    still: frozenset[int] = frozenset()
    positions: dict[int, int] = field(default_factory=dict)

    def keep_still(self, partitions: frozenset[int]) -> None:
        self.still = partitions


@pytest.fixture
def source() -> Source:
    return Source({0: "", 1: encode(Counters(2, 10, 3, (2,)))})


def gauges() -> Mapping[str, float]:
    return {
        "paused": PARTITIONS_STOPPED.labels("paused")._value.get(),
        "dead_letters": PARTITIONS_STOPPED.labels("dead_letters")._value.get(),
        "degraded": DEGRADED.labels(DEAD_LETTERS_STOPPED)._value.get(),
    }


def test_a_stop_is_told_once_and_counted_until_it_is_resumed(source: Source) -> None:
    """With the command that ends it; others go on."""
    stops, before = Stops(source), DEAD_LETTER_STOPS._value.get()
    stops.keep(FREE)
    source.texts[1] = STOPPED
    with capture_logs() as said:
        stops.keep(FREE)
        stops.keep(FREE)
    assert [each["event"] for each in said] == ["partition.stopped"]
    assert (said[0]["stop"], said[0]["in_a_row"]) == ("1@36", 7)
    assert "fraudstream dlq resume 1" in said[0]["fix"]
    assert source.still == {1}
    assert gauges() == {"paused": 0, "dead_letters": 1, "degraded": 1}
    assert DEAD_LETTER_STOPS._value.get() == before + 1
    with capture_logs() as said:
        stops.keep(FREE.after([ordered(Verb.RESUME_DEAD_LETTERS, partition=1, stop="1@36")]))
    assert [each["event"] for each in said] == ["partition.goes_on"]
    assert source.still == frozenset()
    assert gauges() == {"paused": 0, "dead_letters": 0, "degraded": 0}


def test_a_stop_that_was_there_before_is_told_but_not_counted_again(source: Source) -> None:
    """A worker that starts, or is given the partition, says that it stands still, and is not the one who stopped it."""
    before = DEAD_LETTER_STOPS._value.get()
    source.texts[1] = STOPPED
    with capture_logs() as said:
        Stops(source).keep(FREE)
    assert [each["event"] for each in said] == ["partition.stopped"]
    assert DEAD_LETTER_STOPS._value.get() == before


def test_pauses_hold_also_for_partitions_that_are_yet_to_come(source: Source) -> None:
    """Those of others are kept still without being counted here; a resume lets go."""
    stops = Stops(source)
    paused = FREE.after([ordered(Verb.PAUSE, partition=0), ordered(Verb.PAUSE, partition=9)])
    with capture_logs() as said:
        stops.keep(paused)
    assert [(each["event"], each["partition"]) for each in said] == [("partition.paused", 0)]
    assert (source.still, gauges()["paused"]) == ({0, 9}, 1)
    stops.keep(paused.after([ordered(Verb.RESUME, partition=0)]))
    assert (source.still, gauges()["paused"]) == ({9}, 0)
    stops.keep(FREE)
    assert source.still == frozenset()


def test_a_skip_that_came_too_late_is_told(source: Source) -> None:
    """Once; those that were ordered before the worker started have had their effect, those ahead are yet to have it."""
    source.positions = {0: 50, 1: 50}
    before = [ordered(Verb.SKIP, partition=0, offset=7)]
    later = [ordered(Verb.SKIP, partition=each, offset=offset) for each, offset in ((0, 49), (0, 50), (1, 51), (5, 3))]
    stops = Stops(source)
    with capture_logs() as said:
        stops.keep(FREE.after(before))
        stops.keep(FREE.after(before + later))
        stops.keep(FREE.after(before + later))
    assert [(each["event"], each["offset"]) for each in said] == [("order.too_late", 49)]
