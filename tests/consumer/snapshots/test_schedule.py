"""When partitions are due: often enough, and not together."""

import itertools
from collections import Counter

import pytest

from consumer.snapshots.schedule import Schedule

EVERY_S, ROWS = 600.0, 1_000_000


def simulated(partitions: int, per_second: int, seconds: int) -> list[tuple[int, int]]:
    """When which partition was taken, where one may be taken a second."""
    schedule, taken = Schedule(EVERY_S, ROWS), []
    for partition in range(partitions):
        schedule.begin(partition, 0, 0.0)
    for now in range(1, seconds):
        offsets = dict.fromkeys(range(partitions), now * per_second)
        if (due := schedule.due(offsets, float(now))) is not None:
            schedule.taken(due, offsets[due], float(now))
            taken.append((now, due))
    return taken


@pytest.mark.parametrize(("per_second", "span"), [(100, 600), (10_000, 100)])
def test_each_comes_after_a_span(per_second: int, span: int) -> None:
    """Of time where little is scored, of rows where much is."""
    taken = simulated(12, per_second, 6_000)
    for partition in range(12):
        times = [now for now, each in taken if each == partition]
        assert times[0] <= span
        assert {after - before for before, after in itertools.pairwise(times)} == {span}


@pytest.mark.parametrize(("per_second", "span"), [(100, 600), (10_000, 100)])
@pytest.mark.parametrize("partitions", [2, 6, 12, 50])
def test_they_never_fall_together(partitions: int, per_second: int, span: int) -> None:
    """In no tenth of the span are more than twice as many as there would be on average, and two."""
    tenths = Counter(now * 10 // span for now, _ in simulated(partitions, per_second, 10 * span))
    assert max(tenths.values()) <= 2 * partitions / 10 + 2


def test_nothing_new_is_nothing_due() -> None:
    """A partition in which nothing happens is written once at most."""
    schedule = Schedule(EVERY_S, ROWS)
    schedule.begin(0, 50, 0.0)
    assert schedule.due({0: 50}, 1e9) is None
    assert schedule.due({0: 51}, 1e9) == 0
    schedule.taken(0, 51, 1e9)
    assert schedule.due({0: 51}, 2e9) is None


def test_what_is_gone_is_not_due() -> None:
    """Also where it was taken away while its snapshot was made, or is not known yet."""
    schedule = Schedule(EVERY_S, ROWS)
    schedule.begin(0, 0, 0.0)
    assert schedule.due({1: 5}, 1e9) is None
    schedule.end(0)
    schedule.taken(0, 5, 1.0)
    schedule.end(0)
    assert schedule.due({0: 10**9}, 1e9) is None


def test_the_longest_due_comes_first() -> None:
    """None waits for ever behind the others."""
    schedule = Schedule(EVERY_S, ROWS)
    for partition in range(4):
        schedule.begin(partition, 0, 10.0 * partition)
        schedule.taken(partition, 0, 100.0 - partition)
    order = []
    while (due := schedule.due(dict.fromkeys(range(4), 1), 1_000.0)) is not None:
        schedule.taken(due, 1, 1_000.0)
        order.append(due)
    assert order == [3, 2, 1, 0]
