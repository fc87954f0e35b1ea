"""Rows without a prediction: counted, the first ones told, all of them written in a file of their own."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import merge
from typing import IO, Final

from schemas.tables.json_values import encoded
from schemas.tables.table import Bad

MOST_TOLD: Final = 5


@dataclass(frozen=True, slots=True)
class Reject:
    """`row` counts from 1, without the header."""

    row: int
    column: str | None
    reason: str
    detail: str

    def __str__(self) -> str:
        return f"row {self.row}" + (f", column {self.column}" if self.column else "") + f": {self.detail}"


@dataclass(slots=True)
class Rejects:
    file: IO[bytes] | None = None
    reasons: Counter[str] = field(default_factory=Counter)
    first: list[Reject] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.reasons.total()

    def add(self, refused: Sequence[Reject], bad: Sequence[Bad]) -> None:
        """In the order of the rows."""
        for each in merge(refused, _bad(bad), key=lambda each: each.row):
            self.reasons[each.reason] += 1
            if len(self.first) < MOST_TOLD:
                self.first.append(each)
            if self.file is not None:
                said = {"row": each.row, "column": each.column, "reason": each.reason, "detail": each.detail}
                self.file.write(encoded(said).encode() + b"\n")

    def told(self) -> str:
        counted = ", ".join(f"{reason} {count:,}" for reason, count in self.reasons.most_common())
        return f"({counted})" + "".join(f"\n  - {each}" for each in self.first)


def _bad(some: Iterable[Bad]) -> Iterator[Reject]:
    return (Reject(each.number, None, str(each.reason), each.detail) for each in some)
