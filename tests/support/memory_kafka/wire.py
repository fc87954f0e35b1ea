"""What lies between a program and the broker: where requests and replies get lost, programs stand still, and die."""

from enum import Enum, auto

from support.memory_kafka.clock import Clock


class Fate(Enum):
    """Of a request. Whoever sent it hears nothing but that its time is over, unless it is fine."""

    FINE = auto()
    LOST = auto()
    """It never arrives."""
    UNHEARD = auto()
    """It is done, and the reply is lost."""
    LATE = auto()
    """It arrives after its sender has given up."""


class Wire:
    """Does no harm itself. `beats`: whether the client's own threads run, which keep its place in the group."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    @property
    def beats(self) -> bool:
        return True

    def send(self, call: str) -> Fate:
        """Before each call of the client."""
        return Fate.FINE

    def wait(self, seconds: float) -> None:
        self.clock.sleep(seconds)
