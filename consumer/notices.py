"""Says that records are refused or marked: at most once a minute each, with how many there were since."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

import structlog

EVERY_S: Final = 60.0

log = structlog.get_logger(__name__)


class Notices:
    """One kind of event; never says anything about a single record."""

    def __init__(self, event: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._event = event
        self._clock = clock
        self._unsaid: Counter[str] = Counter()
        self._said_at: dict[str, float] = {}

    def hear(self, counts: Mapping[str, int]) -> None:
        """The first of its kind is said at once."""
        self._unsaid.update({name: count for name, count in counts.items() if count})
        now = self._clock()
        for name in [each for each in self._unsaid if now - self._said_at.get(each, -EVERY_S) >= EVERY_S]:
            self._said_at[name] = now
            log.warning(self._event, kind=name, records=self._unsaid.pop(name))
