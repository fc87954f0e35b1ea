import pytest

from producer.pace import BURST_SECONDS, Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("rate", [0.5, 3.0, 50.0, 20_000.0])
def test_keeps_the_rate(rate: float) -> None:
    """Takers that wait as told take as many as the rate allows, to a thousandth."""
    clock = Clock()
    pace = Pace(rate, clock)
    for _ in range(5_000):
        clock.now += pace.delay()
    assert (clock.now - 100.0) == pytest.approx(5_000 / rate, rel=1e-3)


def test_makes_up_for_sleeping_too_long() -> None:
    """A sleep that takes a millisecond longer than told does not lower a rate of a thousand per second."""
    clock = Clock()
    pace = Pace(1_000.0, clock)
    for _ in range(5_000):
        delay = pace.delay()
        clock.now += delay + 0.001 if delay else 0.0
    assert (clock.now - 100.0) == pytest.approx(5.0, rel=0.01)


def test_does_not_make_up_for_a_pause() -> None:
    """After a minute without takers only a burst goes through at once, not a minute's worth."""
    clock = Clock()
    pace = Pace(1_000.0, clock)
    pace.delay()
    clock.now += 60.0
    at_once = 0
    while not pace.delay():
        at_once += 1
    assert at_once == pytest.approx(1_000.0 * BURST_SECONDS, abs=1)
