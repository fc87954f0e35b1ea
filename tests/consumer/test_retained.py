"""What a log still has, by the answers of a client."""

import pytest
from support.retained import Log

from consumer.retained import Retained

NOW = 1_000_000


def retained(log: Log, step_ms: int = 1) -> Retained:
    return Retained(log, "transactions", lambda: NOW, step_ms)


def test_the_time_of_an_offset_is_the_latest_up_to_it() -> None:
    """Times do not grow along a log, and markers have none."""
    log = Log({0: {3: 100, 4: 300, 6: 200, 9: 500}}, lows={0: 3}, highs={0: 10})
    found = retained(log)
    assert [found.time_before(0, offset) for offset in (3, 4, 6, 8, 9)] == [100, 300, 300, 300, 500]


def test_behind_the_end_it_is_the_latest_time() -> None:
    """A log may be of the past as a whole."""
    assert retained(Log({0: {0: 300, 1: 200}})).time_before(0, 2) == 300
    assert retained(Log({0: {}})).time_before(0, 0) == -1


def test_what_is_still_to_come_is_never_the_time_of_a_record() -> None:
    """A clock that runs ahead must not hide what a window needs."""
    log = Log({0: {0: 100, 1: 2 * NOW, 2: 300}})
    assert retained(log).time_before(0, 1) == NOW - 1


@pytest.mark.parametrize("step_ms", [7, 1_000, 60_000, 10 * NOW])
def test_a_step_less_is_enough(step_ms: int) -> None:
    """An earlier time only means that more is read."""
    log = Log({0: {number: 100 * number for number in range(1, 10_000)}})
    for offset in (1, 2, 77, 5_000, 9_999):
        found = retained(log, step_ms).time_before(0, offset)
        assert max(100 * offset - step_ms, -1) < found <= 100 * offset + 99 or found == -1


def test_the_broker_is_asked_seldom_where_little_was_missed() -> None:
    """A worker that comes back is mostly minutes behind, and each question is a way to the broker and back."""
    log, asked = Log({0: {0: NOW - 200_000, 1: NOW - 100_000, 2: NOW - 50}}), []
    answer = log.offsets_for_times
    log.offsets_for_times = lambda which, timeout: (asked.append(which), answer(which, timeout))[1]  # type: ignore[method-assign]
    assert NOW - 160_000 <= retained(log, 60_000).time_before(0, 1) <= NOW - 100_000
    assert len(asked) <= 5


@pytest.mark.parametrize(("time_ms", "offset"), [(-5, 0), (0, 0), (101, 1), (200, 1), (201, None)])
def test_where_a_time_stands(time_ms: int, offset: int | None) -> None:
    """The first record of then or later, if there is one."""
    assert retained(Log({0: {0: 100, 1: 200}})).first_at(0, time_ms) == offset
