"""When Python looks for cycles of garbage: between lots, now and then, and otherwise as before."""

import gc
import weakref
from dataclasses import dataclass

from consumer import garbage


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


class Ring:
    def __init__(self) -> None:
        self.self = self


def test_cycles_go_between_lots_and_not_within() -> None:
    """However many objects a lot makes; nothing of a process that runs for months is kept for good."""
    clock = Clock()
    with garbage.between_lots(clock) as tidy:
        ring = weakref.ref(Ring())
        made = [[number] for number in range(100_000)]
        tidy()
        assert ring() is not None
        clock.now = garbage.EVERY_S
        tidy()
        assert ring() is None
    assert len(made) == 100_000


def test_a_loop_that_is_held_up_is_no_leak() -> None:
    """Where nobody comes by between lots, cycles go all the same, only later."""
    with garbage.between_lots(Clock()):
        ring = weakref.ref(Ring())
        made = [[number] for number in range(garbage.IN_A_LOT + 100_000)]
        assert ring() is None
    assert made


def fail() -> None:
    raise InterruptedError


def test_afterwards_all_is_as_before() -> None:
    """Also after an exception."""
    usual, frozen = gc.get_threshold(), gc.get_freeze_count()
    try:
        with garbage.between_lots():
            assert gc.get_threshold() != usual
            assert gc.get_freeze_count() > frozen
            fail()
    except InterruptedError:
        pass
    assert (gc.get_threshold(), gc.get_freeze_count()) == (usual, 0)
    assert gc.isenabled()
