"""Customers with their scores, in columns."""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.churn.packed import Scores
from models.hashing import Hashes, hash_strings
from schemas.lot.buffers import numbers

Places = NDArray[np.int64]

SCHEMA: Final = pa.schema(
    [("id", pa.large_string()), ("number", pa.uint64()), ("score", pa.uint32()), ("place", pa.int64())]
)
LINE_BITS: Final = 40
"""A place is the number of a file and, in its low bits, that of a row in it: places ascend as the input was read."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """`ids` are not null and not empty; scores are millionths."""

    ids: pa.Array
    numbers: Hashes
    scores: Scores
    places: Places

    def __len__(self) -> int:
        return len(self.numbers)

    @classmethod
    def of(cls, ids: pa.Array, scores: Scores, places: Places) -> Self:
        wide = ids.cast(pa.large_string())
        return cls(wide, hash_strings(wide), scores, places)

    @classmethod
    def read(cls, batch: pa.RecordBatch) -> Self:
        return cls(batch.column(0), *(numbers(batch.column(each)) for each in (1, 2, 3)))

    def batch(self) -> pa.RecordBatch:
        return pa.RecordBatch.from_arrays(
            [self.ids, *(pa.array(each) for each in (self.numbers, self.scores, self.places))], schema=SCHEMA
        )

    def take(self, order: NDArray[Any]) -> Self:
        return type(self)(self.ids.take(pa.array(order)), self.numbers[order], self.scores[order], self.places[order])


def places(file: int, lines: NDArray[np.int64]) -> Places:
    return (np.int64(file) << LINE_BITS) | lines


def line_of(place: int) -> tuple[int, int]:
    """The number of the file and of the row in it."""
    return place >> LINE_BITS, place & ((1 << LINE_BITS) - 1)
