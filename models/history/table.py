"""Transactions as they were scored: what was known of each as of its own time."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.features import FEATURES, Matrix
from models.hashing import Hashes
from models.rules import RULES, Hits

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One entry per transaction in every column, in the order of the log."""

    event_id: pa.Array
    event: Hashes
    card: Hashes
    time: Integers
    """As of which it was scored, in milliseconds."""
    amount: Integers
    """In minor units of the reference currency."""
    marks: NDArray[np.uint32]
    features: Matrix
    hits: Hits
    """Which of the rules hit."""

    @classmethod
    def concat(cls, tables: Iterable["Table"]) -> Self:
        parts = [table for table in tables if len(table)]
        if not parts:
            return cls.empty()
        columns = ([getattr(part, each.name) for part in parts] for each in fields(cls))
        ids, *others = columns
        return cls(pa.concat_arrays(ids), *(np.concatenate(column) for column in others))

    @classmethod
    def empty(cls) -> Self:
        return cls(
            pa.array([], pa.string()),
            np.zeros(0, np.uint64),
            np.zeros(0, np.uint64),
            np.zeros(0, np.int64),
            np.zeros(0, np.int64),
            np.zeros(0, np.uint32),
            np.zeros((0, len(FEATURES))),
            np.zeros((0, len(RULES)), np.bool_),
        )

    def __len__(self) -> int:
        return len(self.event)

    def take(self, rows: NDArray[Any]) -> "Table":
        """Row numbers, or a truth per row."""
        where = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        others = (getattr(self, each.name)[where] for each in fields(self)[1:])
        return Table(self.event_id.take(pa.array(where)), *others)
