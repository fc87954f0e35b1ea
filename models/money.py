"""Amounts in one currency, by a table of whole numbers, so that everyone converts alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from schemas.errors import Misconfigured
from schemas.lot.buffers import numbers

MILLION: Final = 1_000_000
MOST_RATE: Final = 80 * MILLION
MOST_AMOUNT: Final = 100_000_000_000


@dataclass(frozen=True, slots=True)
class Money:
    """Without a reference currency every amount is taken as it is and none is foreign."""

    reference: str = ""
    rates: Mapping[str, int] = field(default_factory=dict)
    """Millionths of a minor unit of the reference currency for one minor unit of that currency."""

    def __post_init__(self) -> None:
        wrong = sorted(code for code, rate in self.rates.items() if not 1 <= rate <= MOST_RATE)
        if wrong:
            raise Misconfigured(
                f"the rate of {wrong[0]} is {self.rates[wrong[0]]}",
                fix=f"give millionths of a minor unit, between 1 and {MOST_RATE:,}",
            )

    def amounts(self, rows: pa.RecordBatch) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Amounts in the reference currency, halves rounded up, and which of them had no rate and stayed."""
        amounts = numbers(rows["amount_minor"]).astype(np.int64)
        foreign = np.zeros(len(amounts), np.bool_)
        if not self.reference or not (other := _differ(rows["currency"], self.reference)).any():
            return amounts, foreign
        for code in pc.unique(rows["currency"].filter(pa.array(other))).to_pylist():
            those = ~_differ(rows["currency"], code)
            rate = self.rates.get(code)
            if rate is None:
                foreign |= those
            else:
                amounts[those] = np.minimum((amounts[those] * rate + MILLION // 2) // MILLION, MOST_AMOUNT)
        return amounts, foreign


def _differ(column: pa.Array, code: str) -> NDArray[np.bool_]:
    differ: NDArray[np.bool_] = pc.not_equal(column, code).to_numpy(zero_copy_only=False)
    return differ
