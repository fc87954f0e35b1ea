"""When which partition is due: after some time or so many rows, partitions apart from each other.

The first snapshot of a partition is due after a part of the time and of the rows that depends on its number, so that
those of one worker never fall together; from then on each is due one whole span after the one before. A partition of
which nothing was folded since is not due.
"""

from dataclasses import dataclass
from typing import Final

GOLDEN: Final = 0.6180339887498949
"""Multiples of it, without their whole part, lie as far apart as numbers can, however many there are."""


@dataclass(slots=True)
class Last:
    offset: int
    time_due: float
    rows_due: int


class Schedule:
    """`now` is of a clock that only grows; offsets are the next to be folded."""

    def __init__(self, every_s: float, rows: int) -> None:
        self._every_s = every_s
        self._rows = rows
        self._last: dict[int, Last] = {}

    def begin(self, partition: int, offset: int, now: float) -> None:
        """It was assigned, and nothing needs writing that was folded up to there."""
        part = 1 - (partition * GOLDEN) % 1
        self._last[partition] = Last(offset, now + part * self._every_s, offset + max(int(part * self._rows), 1))

    def end(self, partition: int) -> None:
        self._last.pop(partition, None)

    def taken(self, partition: int, offset: int, now: float) -> None:
        if partition in self._last:
            self._last[partition] = Last(offset, now + self._every_s, offset + self._rows)

    def moved(self, partition: int, offset: int) -> bool:
        """Whether anything was folded since the last one."""
        return partition in self._last and offset > self._last[partition].offset

    def due(self, offsets: dict[int, int], now: float) -> int | None:
        """The one partition to take now, the one that has been due the longest."""
        due = [
            (last.time_due, partition)
            for partition, last in self._last.items()
            if (offset := offsets.get(partition, -1)) > last.offset
            and (now >= last.time_due or offset >= last.rows_due)
        ]
        return min(due)[1] if due else None
