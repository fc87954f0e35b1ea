"""What a card book holds to, beyond its windows: a change to any of these makes other decisions."""

from dataclasses import dataclass

import numpy as np

from models.cards.layout import D7, D30, Ints
from schemas.errors import Misconfigured

MOST_ENTRIES = 65_536


@dataclass(frozen=True, slots=True)
class Terms:
    late_ms: int = D7
    """So much is remembered beyond the longest window: an event at most so late finds all of its windows complete."""

    future_ms: int = 300_000
    """An event may lie so far after its record's timestamp."""

    entries: int = 4096
    """Most entries of one card; older ones are counted by the hour."""

    idle_ms: int = 2 * D30
    """A card counts as unknown once its partition's clock is so far past its newest event."""

    def __post_init__(self) -> None:
        if self.late_ms < 0 or self.future_ms < 0:
            raise Misconfigured("a card book's tolerances are negative", fix="give late_ms and future_ms of 0 or more")
        if not 1 <= self.entries <= MOST_ENTRIES:
            raise Misconfigured(
                f"a card book cannot hold {self.entries} entries of a card", fix=f"choose between 1 and {MOST_ENTRIES}"
            )
        if self.idle_ms < self.kept_ms:
            raise Misconfigured(
                "a card would be forgotten while it still counts", fix=f"give idle_ms of at least {self.kept_ms}"
            )

    @property
    def kept_ms(self) -> int:
        return D30 + self.late_ms

    def numbers(self) -> Ints:
        """In the order of `models.cards.layout`: FUTURE_MS, KEPT_MS, IDLE_MS, CAP."""
        return np.array([self.future_ms, self.kept_ms, self.idle_ms, self.entries], np.int64)
