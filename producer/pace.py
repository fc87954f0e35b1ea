"""A token bucket: never more than `rate` per second, and after a pause at most BURST_SECONDS' worth at once."""

import time
from collections.abc import Callable
from typing import Final

BURST_SECONDS: Final = 0.05


class Pace:
    """`rate` is per second. `delay` takes one token, and tells how long its taker has to wait first."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._most = max(1.0, rate * BURST_SECONDS)
        self._tokens = 1.0
        self._at = clock()

    def delay(self) -> float:
        """Seconds, 0 for most; a taker that waited longer than told gets the difference back."""
        if self._tokens < 1.0:
            self._refill()
        self._tokens -= 1.0
        return max(0.0, -self._tokens / self._rate)

    def _refill(self) -> None:
        now = self._clock()
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._rate)
        self._at = now
