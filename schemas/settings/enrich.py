"""How the scorer comes by churn scores, and from when on they are too old."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator

from schemas.durations import UNITS_MS, milliseconds
from schemas.settings.group import Group
from schemas.settings.labels import Duration


def some_while(text: str) -> str:
    if milliseconds(text) < UNITS_MS["s"] // 10:
        raise ValueError("should be at least 100ms")
    return text


class Enrich(Group):
    mode: Literal["replica", "lookup"] = "replica"
    """replica: each host keeps a copy of the whole generation, 12 MB for a million customers, and asks Redis for
    nothing while it scores. lookup: Redis is asked for the customers of each lot, within redis.budget_ms. Both decide
    alike."""
    max_age: Annotated[Duration, AfterValidator(some_while)] = "26h"
    """A score that was made longer than this before a transaction is stale: a generation a night, and two hours."""
    check_every: Annotated[Duration, AfterValidator(some_while)] = "1s"
    """How often it is asked whether another generation is live."""
    folder: Path = Path("~/.cache/fraudstream/churn")
    """Where the host's copy is kept; all workers of a host share one."""

    @property
    def max_age_ms(self) -> int:
        return milliseconds(self.max_age)

    @property
    def check_every_s(self) -> float:
        return milliseconds(self.check_every) / 1000
