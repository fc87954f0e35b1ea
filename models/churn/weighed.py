"""What a decision knows of each customer's churn: a pure function of the generation, the customer and the event's time.

    fresh              the customer's own score
    stale              the generation is too old for that event: its mean
    unknown_customer   the generation does not have the customer: its mean
    unavailable        its customers could not be asked for: its mean, or nothing where there is no generation

So whoever knows the generation, and whether its customers could be asked for, finds the same again.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.churn.packed import UNKNOWN, Found
from schemas.churn import SCALE, Status

STATUSES: Final = tuple(Status)
NAMES: Final = tuple(status.value for status in STATUSES)
CODES: Final = {status: code for code, status in enumerate(STATUSES)}
FRESH, STALE, UNKNOWN_CUSTOMER, UNAVAILABLE = (np.int8(CODES[status]) for status in Status)

Times = NDArray[np.int64]
Codes = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Basis:
    """Of a generation, what its scores are judged by; `mean` is in millionths."""

    generation: str
    as_of_ms: int
    mean: int

    @classmethod
    def of(cls, generation: str, as_of: datetime, mean: int) -> "Basis":
        return cls(generation, round(as_of.timestamp() * 1000), mean)


@dataclass(frozen=True, slots=True, eq=False)
class Churn:
    """Row for row what is weighed, in millionths, and its status by its place in STATUSES; UNKNOWN is nothing.

    `available`: customers could be asked for, all of a lot or none.
    """

    generation: str | None
    weighed: Found
    codes: Codes
    available: bool = True

    def fields(self, row: int) -> dict[str, Any]:
        """As decisions have them: what was weighed, and why that."""
        millionths = int(self.weighed[row])
        return {
            "score": None if millionths == UNKNOWN else millionths / SCALE,
            "status": STATUSES[int(self.codes[row])].value,
            "generation": self.generation,
        }

    def counts(self) -> dict[str, int]:
        """Rows by status."""
        counts = np.bincount(self.codes, minlength=len(STATUSES)).tolist()
        return dict(zip(NAMES, counts, strict=True))


def weighed(basis: Basis | None, own: Found | None, at: Times, max_age_ms: int) -> Churn:
    """`own` are the scores of the rows' customers, None where they could not be asked for; `at` when they paid."""
    if basis is None:
        return nothing(len(at))
    if own is None:
        means = np.full(len(at), basis.mean, np.int32)
        return Churn(basis.generation, means, np.full(len(at), UNAVAILABLE), available=False)
    codes: Codes = np.where(at - basis.as_of_ms > max_age_ms, STALE, FRESH)
    codes[own == UNKNOWN] = UNKNOWN_CUSTOMER
    return Churn(
        basis.generation, np.where(codes == FRESH, own, np.int32(basis.mean)).astype(np.int32, copy=False), codes
    )


def nothing(rows: int) -> Churn:
    """No generation was to be had."""
    return Churn(None, np.full(rows, UNKNOWN, np.int32), np.full(rows, UNAVAILABLE), available=False)


def as_told(score: float | None, status: str, generation: str | None) -> Churn:
    """Of one row, as its decision has it."""
    millionths = round(score * SCALE) if score is not None and 0 <= score <= 1 else UNKNOWN
    code = np.int8(CODES[Status(status)])
    return Churn(generation, np.array([millionths], np.int32), np.array([code]), available=bool(code != UNAVAILABLE))
