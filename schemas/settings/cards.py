"""How much is remembered of a card; a change makes other decisions."""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from schemas.durations import UNITS_MS, milliseconds
from schemas.settings.group import Group, wrong
from schemas.settings.labels import Duration

WINDOW_MS: Final = 30 * UNITS_MS["d"]
"""The longest window."""


class Cards(Group):
    late: Duration = "7d"
    """How much is remembered beyond the longest window: a transaction at most so late finds its windows complete."""
    future: Duration = "5m"
    """How far a transaction may lie after its record's timestamp before it is scored as of that limit."""
    entries: Annotated[int, Field(ge=1, le=65_536)] = 4_096
    """Most transactions remembered one by one of a card; older ones are counted by the hour."""
    idle: Duration = "60d"
    """After how long without a transaction a card counts as unknown; at least 30d and cards.late together."""

    @property
    def late_ms(self) -> int:
        return milliseconds(self.late)

    @property
    def future_ms(self) -> int:
        return milliseconds(self.future)

    @property
    def idle_ms(self) -> int:
        return milliseconds(self.idle)

    @model_validator(mode="after")
    def _remembered_while_it_counts(self) -> Self:
        if self.idle_ms < WINDOW_MS + self.late_ms:
            raise wrong(
                f"a card idle for {self.idle} would be forgotten while it still counts", "cards.idle", "cards.late"
            )
        return self
