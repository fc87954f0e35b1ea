"""What is said of a day."""

from dataclasses import dataclass
from enum import StrEnum


class Said(StrEnum):
    JUDGED = "judged"
    NOT_ENOUGH_ROWS = "not enough rows"
    LEARNING = "no week before to compare with"


@dataclass(frozen=True, slots=True)
class Alarm:
    """`psi` on that `day` against `expected`, what it is on a day like others; `since` is the day it began.

    `since_training` is the index against the same weekday of the reference. `follows` names the column that explains
    this one.
    """

    feature: str
    day: int
    since: int
    psi: float
    expected: float
    deviations: float
    since_training: float
    follows: str | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """Alarms that explain themselves stand first, then those that follow; in each part the most unusual first."""

    day: int
    said: Said
    rows: int
    rows_before: int
    """On the same weekday before."""
    alarms: tuple[Alarm, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """What has moved by itself."""
        return tuple(alarm.feature for alarm in self.alarms if alarm.follows is None)

    @property
    def following(self) -> tuple[str, ...]:
        return tuple(alarm.feature for alarm in self.alarms if alarm.follows is not None)
