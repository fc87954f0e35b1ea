"""Whether what is scored has moved from what the live model was trained on: told of each day once it is over.

A worker sees its own partitions alone, and begins anew when it starts or when another model becomes live: that day is
left out. `fraudstream drift` looks at the whole log. Nothing here changes a decision.
"""

from collections.abc import Callable
from typing import Final

import structlog

from consumer.metrics import DRIFT, DRIFT_DAYS
from models.decide import Decider, Decisions
from models.drift import Reference, Tally, judge
from models.drift.verdict import Day
from models.local_time import DAY_MS, local_hours_and_days
from models.memory import Sight

KEPT_DAYS: Final = 28
"""Four weeks: more than what is judged looks back over."""

log = structlog.get_logger(__name__)


class Drifting:
    """For the loop's thread. Rows of days that are still to come, by the clock, have a wrong time and are left out."""

    def __init__(self, timezone: str, clock_ms: Callable[[], int]) -> None:
        self._timezone, self._clock_ms = timezone, clock_ms
        self._reference: Reference | None = None
        self._tally: Tally | None = None
        self._newest: int | None = None

    def add(self, decider: Decider, sight: Sight, decided: Decisions) -> None:
        """Does nothing where no model is live, or where it brought nothing to compare with."""
        if decider.mind.reference is not self._reference:
            self._begin(decider.mind.reference)
        if self._reference is None or self._tally is None:
            return
        matrix, score, at, to_come = decided.features, decided.score, sight.at, self._clock_ms() + DAY_MS
        if len(at) and int(at.max()) >= to_come:
            come = at < to_come
            matrix, score, at = matrix[come], score[come], at[come]
        if not len(at):
            return
        _, days = local_hours_and_days(at, self._timezone)
        self._tally.add(matrix, score, days)
        newest = int(days.max())
        if self._newest is None:
            self._newest = newest
        elif newest > self._newest:
            self._newest = newest
            self._tally.forget(newest - KEPT_DAYS)
            self._tell(judge(self._reference, self._tally))

    def _begin(self, reference: Reference | None) -> None:
        self._reference, self._newest = reference, None
        self._tally = None if reference is None else Tally(reference.edges)
        DRIFT.clear()

    def _tell(self, days: list[Day]) -> None:
        if not days:
            return
        last = days[-1]
        DRIFT_DAYS.labels(last.said.value.replace(" ", "_")).inc()
        DRIFT.clear()
        for alarm in last.alarms:
            if alarm.follows is None:
                DRIFT.labels(alarm.feature).set(alarm.deviations)
        if last.alarms:
            log.warning("drift.found", features=last.named, following=last.following, rows=last.rows)
