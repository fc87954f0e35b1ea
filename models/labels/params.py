"""When a label counts: a pure function of the label, the same on every worker and in every replay."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from schemas.errors import Misconfigured

Integers = NDArray[np.int64]

DAY_MS: Final = 86_400_000
HORIZON_DAYS: Final = 90
EPISODE_DAYS: Final = 30
WINDOW_DAYS: Final = (1, 7, 30)


@dataclass(frozen=True, slots=True)
class LabelParams:
    """A label counts from the first step boundary at or after k + grace, k the later of when it was known and its
    event's time + delay. Boundaries are the multiples of the step since 1970.
    """

    step_ms: int = 3_600_000
    grace_ms: int = 60_000
    delay_ms: int = 7 * DAY_MS

    def __post_init__(self) -> None:
        if self.step_ms < 1 or DAY_MS % self.step_ms:
            raise Misconfigured(
                f"the label step is {self.step_ms} ms, which does not divide a day",
                fix="set a step that fits into a day without remainder, for example one hour",
            )
        if self.grace_ms < 1 or self.delay_ms < 0:
            raise Misconfigured(
                f"label grace {self.grace_ms} ms and delay {self.delay_ms} ms would let an event see its own verdict",
                fix="set a grace of at least 1 ms and a delay of at least 0",
            )

    def steps(self, days: int) -> int:
        return days * DAY_MS // self.step_ms

    def step_at(self, time_ms: int) -> int:
        """The number of the last boundary at or before that time."""
        return time_ms // self.step_ms

    def effects(self, known_at: Integers, event_time: Integers) -> Integers:
        """The step from which each label counts."""
        counted: Integers = np.maximum(known_at, event_time + self.delay_ms) + self.grace_ms
        return -(-counted // self.step_ms)
