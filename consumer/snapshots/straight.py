"""Writes each snapshot while its caller waits: for programs that do nothing else, and to which a failure is one."""

import time
from collections.abc import Callable

from consumer.snapshots.header import Taken
from consumer.snapshots.retention import Keep, prune
from consumer.snapshots.store import Store
from consumer.snapshots.writer import written
from models.cards.extract import Arrays
from schemas.errors import DependencyAway


class Straight:
    """In the place of a `Writer`."""

    def __init__(self, store: Store, keep: Keep, now: Callable[[], float] = time.time) -> None:
        self._store, self._keep, self._now = store, keep, now

    @property
    def idle(self) -> bool:
        return True

    def hand_over(self, taken: Taken, arrays: Arrays) -> None:
        try:
            name, _ = written(self._store, taken, arrays, int(self._now() * 1000))
            prune(self._store, taken.partition, self._keep, sure=name)
        except OSError as error:
            raise DependencyAway(
                f"no snapshot of partition {taken.partition} could be written to {self._store}: {error}",
                fix="see that state.url names the right place, that it may be written and has room; then run it again",
            ) from error

    def close(self) -> bool:
        return True
