"""Whether the worker should go on, and when its loop last turned. Asked from every place that waits."""

import signal
import threading
import time
from collections.abc import Callable
from typing import Final

from consumer.metrics import LAST_TURN_SECONDS

PATIENCE_S: Final = 10.0
"""How long after being asked to end a worker still waits for a broker to finish its lot."""

STILL_S: Final = 30.0
"""A loop that has not turned for so long does not count as alive."""


class Life:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._asked_at: float | None = None
        self._turned_at = clock()
        self._asked = threading.Event()
        self.why = ""

    @property
    def ending(self) -> bool:
        return self._asked_at is not None

    @property
    def alive(self) -> bool:
        return self._clock() - self._turned_at < STILL_S

    def turn(self) -> None:
        self._turned_at = self._clock()
        LAST_TURN_SECONDS.set_to_current_time()

    def ask_to_end(self, why: str) -> None:
        """Only notes it: a signal may arrive while a log line is being written, and the log's lock is held then."""
        if self._asked_at is None:
            self._asked_at = self._clock()
            self.why = why
            self._asked.set()

    def given_up(self) -> bool:
        """Called in every wait: waiting counts as turning, and ends some time after the process was asked to end."""
        self.turn()
        return self._asked_at is not None and self._clock() - self._asked_at > PATIENCE_S

    def rest(self, seconds: float) -> None:
        """Sleeps, but not past a request to end."""
        self._asked.wait(seconds)

    def follow_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda received, _: self.ask_to_end(signal.Signals(received).name))
