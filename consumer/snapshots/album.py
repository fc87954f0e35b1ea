"""The snapshots of one worker's partitions: found again, due, handed over to be written."""

from collections.abc import Mapping
from typing import Protocol

from consumer.point import Point
from consumer.snapshots.header import Origin, Taken
from consumer.snapshots.restore import Expected, newest
from consumer.snapshots.schedule import Schedule
from consumer.snapshots.search import Found, Search
from consumer.snapshots.store import Store
from consumer.snapshots.survey import same_log
from models.cards.extract import Arrays
from models.cards.terms import Terms
from schemas.errors import DependencyAway, Misconfigured


class Writes(Protocol):
    """`Writer` beside the scoring, `Straight` for programs that wait."""

    @property
    def idle(self) -> bool: ...
    def hand_over(self, taken: Taken, arrays: Arrays) -> None: ...
    def close(self) -> bool: ...


class Album:
    """`now` is of a clock that only grows. `beside`: snapshots are looked for by threads of their own."""

    def __init__(
        self, store: Store, origin: Origin, schedule: Schedule, writer: Writes, *, beside: bool = False
    ) -> None:
        self.origin, self._beside = origin, beside
        self._store, self._schedule, self._writer = store, schedule, writer
        self._disowned: set[tuple[int, int]] = set()

    def refuse_if_known(self, partition: int) -> None:
        """A group that left snapshots here is no new one: its offsets were lost, and what it answered is not known."""
        try:
            known = same_log(self._store, partition, self.origin)
        except OSError as error:
            raise DependencyAway(
                f"whether {self.origin.group!r} has been here before stands in {self._store}, which cannot be read: "
                f"{error}",
                fix="see that state.url names the right place",
            ) from error
        if known:
            raise Misconfigured(
                f"the group {self.origin.group!r} has no committed offset for partition {partition} of "
                f"{self.origin.topic!r}, but there are snapshots of its state: its offsets expired or were deleted",
                fix="decide where it goes on with `fraudstream operate move`; to begin anew, take another "
                f"score.group or remove the snapshots in {self._store}",
            )

    def newest(self, partition: int, committed: Point, log_start: int, terms: Terms) -> Search:
        disowned = frozenset(offset for each, offset in self._disowned if each == partition)
        expected = Expected(self.origin, partition, *committed, log_start=log_start, disowned=disowned)
        return (Search if self._beside else Found)(lambda: newest(self._store, expected, terms))

    def disown(self, partition: int, offset: int) -> None:
        """The broker says that the log which a snapshot of that offset folded was cut and written anew."""
        self._disowned.add((partition, offset))

    def begin(self, partition: int, offset: int, now: float) -> None:
        self._schedule.begin(partition, offset, now)

    def end(self, partition: int) -> None:
        self._schedule.end(partition)

    def due(self, offsets: Mapping[int, int], now: float) -> int | None:
        """The partition to be taken now; none while another one is being written."""
        return self._schedule.due(dict(offsets), now) if self._writer.idle else None

    def moved(self, partition: int, offset: int) -> bool:
        return self._schedule.moved(partition, offset)

    def add(self, taken: Taken, arrays: Arrays, now: float) -> None:
        self._schedule.taken(taken.partition, taken.offset, now)
        self._writer.hand_over(taken, arrays)

    def close(self) -> None:
        self._writer.close()
