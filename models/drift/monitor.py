"""Days judged one after the other: a function of the reference and of the counts, however these came together.

A column that alarms is not learned from while it does, so that the shift stays visible; after two weeks the new level
counts as usual, and what it is against training stands beside it.
"""

from typing import Final

import numpy as np

from models.drift.bins import Integers
from models.drift.causes import source
from models.drift.excess import Excess, distance, excess
from models.drift.psi import Flags, psi, shares
from models.drift.reference import FEWEST_ROWS, Reference, weekday_of
from models.drift.tally import Tally
from models.drift.usual import WEEK, rows, usual
from models.drift.verdict import Alarm, Day, Said

ALARM: Final = 6.0
"""Standard deviations; of 80 measures a day less than one in years goes there by chance."""
OLDEST_DAYS: Final = 21
"""A weekday that was last seen longer ago says nothing about this season."""
ADOPTED_DAYS: Final = 14
NEVER: Final = int(np.iinfo(np.int64).max)


def judge(reference: Reference, tally: Tally, until: int | None = None) -> list[Day]:
    """Every whole day after the reference and before `until`.

    The newest day may still grow, so it is where `until` lies by default. The first may have begun before the counts
    did, so it is left out.
    """
    days = tally.days()
    if not days:
        return []
    watch = _Watch(reference)
    first = max(days[0], reference.last_day) + 1
    return [watch.day(day, tally.on(day)) for day in range(first, days[-1] if until is None else until)]


class _Watch:
    def __init__(self, reference: Reference) -> None:
        self._reference, self._used = reference, reference.used
        self._week = reference.week.copy()
        last = range(reference.last_day - WEEK + 1, reference.last_day + 1)
        self._seen = {weekday_of(day): day for day in last}
        self._since = np.full(len(reference.names), NEVER)

    def day(self, day: int, counts: Integers) -> Day:
        weekday = weekday_of(day)
        seen, before = int(rows(counts)), int(rows(self._week[weekday]))
        if seen < FEWEST_ROWS:
            return Day(day, Said.NOT_ENOUGH_ROWS, seen, before)
        if day - min(self._seen.values()) > OLDEST_DAYS:
            self._learn(day, counts, np.ones(len(counts), np.bool_))
            return Day(day, Said.LEARNING, seen, before)
        today = usual(self._reference.weekdays, self._week, weekday, self._used)
        found = excess(distance(counts, today, self._used), self._reference.unrest)
        alarmed = found.deviations >= ALARM
        self._since = np.where(alarmed, np.minimum(self._since, day), NEVER)
        alarms = self._alarms(day, counts, found) if alarmed.any() else ()
        self._learn(day, counts, ~alarmed | (day - self._since >= ADOPTED_DAYS))
        return Day(day, Said.JUDGED, seen, before, alarms)

    def _learn(self, day: int, counts: Integers, columns: Flags) -> None:
        weekday = weekday_of(day)
        self._week[weekday, columns] = counts[columns]
        self._seen[weekday] = day

    def _alarms(self, day: int, counts: Integers, found: Excess) -> tuple[Alarm, ...]:
        trained = shares(self._reference.weekdays[weekday_of(day)], self._used)
        since_training = psi(shares(counts, self._used), trained)
        order = [at for at in np.argsort(-found.deviations, kind="stable") if self._since[at] != NEVER]
        moved = [self._reference.names[at] for at in order]
        alarms = [
            Alarm(
                feature=name,
                day=day,
                since=int(self._since[at]),
                psi=float(found.psi[at]),
                expected=float(found.expected[at]),
                deviations=float(found.deviations[at]),
                since_training=float(since_training[at]),
                follows=source(name, moved),
            )
            for at, name in zip(order, moved, strict=True)
        ]
        return tuple(sorted(alarms, key=lambda alarm: alarm.follows is not None))
