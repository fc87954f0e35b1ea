"""Rows that cannot be used: counted by reason, the first ones told, all of them written where that is asked for."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TextIO

from schemas.errors import Usage

USUAL_SHARE: Final = 0.001
MOST_TOLD: Final = 5


@dataclass(frozen=True, slots=True)
class Reject:
    """`place` is a file and its row, or a topic's partition and offset."""

    place: str
    reason: str
    detail: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}: {self.detail}"


@dataclass(slots=True)
class Rejects:
    """`most` is the share of what was read that may be bad."""

    most: float = USUAL_SHARE
    file: TextIO | None = None
    reasons: Counter[str] = field(default_factory=Counter)
    first: list[Reject] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.reasons.total()

    def beside(self) -> "Rejects":
        """For another table: counted by itself, written to the same file."""
        return Rejects(self.most, self.file)

    def add(self, rejects: Sequence[Reject]) -> None:
        for each in rejects:
            self.reasons[each.reason] += 1
            if self.file:
                entry = {"place": each.place, "reason": each.reason, "detail": each.detail}
                self.file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self.first += rejects[: max(0, MOST_TOLD - len(self.first))]

    def settle(self, read: int, what: str) -> None:
        """Raises Usage when more of what was read is bad than may be."""
        if self.total <= self.most * read:
            return
        told = "\n  - ".join(["", *map(str, self.first)])
        raise Usage(
            f"{self.total:,} of {read:,} {what} cannot be used ({self.counted()}):{told}",
            fix="correct them, map other columns, or allow more with --max-rejects; --rejects FILE lists them all",
        )

    def counted(self) -> str:
        return ", ".join(f"{reason} {count:,}" for reason, count in self.reasons.most_common())
