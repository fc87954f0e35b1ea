"""When the demo plays: in a past of its own, faster than the clock, since people pay twice a day and not every second.

start        seed, as fast as it goes        live        at the viewer's pace        end, never after today
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Final, Self

SEED_DAYS: Final = 45
"""More than the longest window reaches back, and enough verdicts to tell terminals apart."""
LIVE_DAYS: Final = 120
LEAST_LIVE_S: Final = 1_800.0
"""A demo that nobody ends plays for so long at least."""
DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
SPREAD_S: Final = 4.0
"""By the viewer's clock a verdict has so long to reach every worker before it counts, and half of it to be readable."""


@dataclass(frozen=True, slots=True)
class Era:
    """In milliseconds. `speed` is how many milliseconds go by in one of the viewer's."""

    start_ms: int
    days: int
    speed: float

    @classmethod
    def before(cls, now_ms: int, per_day: int, rate: float, seconds: float | None) -> Self:
        """It ends with yesterday, by UTC."""
        live = max(LIVE_DAYS, ceil(max(seconds or 0.0, LEAST_LIVE_S) * rate / per_day))
        days = SEED_DAYS + live
        return cls(now_ms // DAY_MS * DAY_MS - days * DAY_MS, days, rate / per_day * DAY_MS / 1000)

    @property
    def live_ms(self) -> int:
        return self.start_ms + SEED_DAYS * DAY_MS

    @property
    def start(self) -> str:
        return _iso(self.start_ms)

    @property
    def live(self) -> str:
        return _iso(self.live_ms)

    @property
    def grace_hours(self) -> int:
        """What `labels.grace` has to be for verdicts to come in time, though time goes by so fast."""
        return ceil(SPREAD_S * self.speed * 1000 / HOUR_MS)


def _iso(moment_ms: int) -> str:
    return f"{datetime.fromtimestamp(moment_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
