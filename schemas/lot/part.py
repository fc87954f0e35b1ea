"""What one reader makes of the values it was given: each is a row of contract columns or a refusal."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.errors import DeadLetter
from schemas.headers import DETAIL_BYTES
from schemas.lot.columns import Columns
from schemas.lot.filled import Filled
from schemas.lot.suspects import Looked
from schemas.lot.table import Refusal
from schemas.verdicts import Reason

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """`index` and the refusals' rows count from 0 within this part, until `at` says where that is in the whole.

    `looked` finds the rows that are to be checked, where it can.
    """

    content: Sequence[pa.Array] | Filled
    index: NDArray[np.int64]
    refusals: list[Refusal]
    looked: Looked | None = None

    @property
    def columns(self) -> Sequence[pa.Array]:
        return self.content.columns if isinstance(self.content, Filled) else self.content

    def at(self, positions: NDArray[np.int64]) -> "Part":
        if positions.size == self.index.size:
            return Part(self.content, positions, [], self.looked)
        refusals = [Refusal(int(positions[each.row]), each.reason, each.detail) for each in self.refusals]
        return Part(self.content, positions[self.index], refusals, self.looked)


def refusal(row: int, letter: DeadLetter) -> Refusal:
    detail = letter.detail.encode("utf-8", "replace")[:DETAIL_BYTES].decode("utf-8", "ignore")
    return Refusal(row, Reason(letter.reason), detail)


def one_by_one(columns: Columns, values: Iterable[Value], read: Callable[[Value], Mapping[str, object]]) -> Part:
    """Every value through `read`, which returns a record or raises DeadLetter."""
    records, index, refusals = [], [], []
    for row, value in enumerate(values):
        try:
            records.append(read(value))
        except DeadLetter as letter:
            refusals.append(refusal(row, letter))
        else:
            index.append(row)
    return Part(columns.from_records(records).columns, np.array(index, np.int64), refusals)


def refused(columns: Columns, size: int, letter: DeadLetter) -> Part:
    """All of them, for one reason."""
    return Part(columns.nothing.columns, np.empty(0, np.int64), [refusal(row, letter) for row in range(size)])


def merged(columns: Columns, parts: list[Part]) -> Part:
    """All rows in the order of their positions."""
    if len(parts) == 1:
        return parts[0]
    batches = (pa.RecordBatch.from_arrays(each.columns, schema=columns.schema) for each in parts if each.index.size)
    rows = pa.concat_batches([columns.nothing, *batches])
    index = np.concatenate([np.empty(0, np.int64), *(each.index for each in parts)])
    order = np.argsort(index)
    refusals = sorted((each for part in parts for each in part.refusals), key=lambda each: each.row)
    return Part(rows.take(pa.array(order)).columns, index[order], refusals)
