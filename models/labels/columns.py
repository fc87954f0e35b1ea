"""Labels as columns: ids are 64-bit hashes, times are milliseconds UTC."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

DTYPES: Final = {"event": np.uint64, "card": np.uint64, "terminal": np.uint64, "is_fraud": np.bool_, "own": np.bool_}


@dataclass(frozen=True, slots=True)
class LabelColumns:
    """One entry per label, in any order; all columns are equally long.

    `known_at` is the record timestamp, partition and offset are the place in the label log. Amounts are in minor units
    of the reference currency. Only where `own` is set is the label also kept for its card.
    """

    event: Hashes
    card: Hashes
    terminal: Hashes
    amount: Integers
    event_time: Integers
    is_fraud: Mask
    known_at: Integers
    partition: Integers
    offset: Integers
    own: Mask

    def __post_init__(self) -> None:
        for name in NAMES:
            column = getattr(self, name)
            if column.dtype != DTYPES.get(name, np.int64) or column.shape != self.event.shape or column.ndim != 1:
                raise ValueError(f"label column {name}: {column.dtype} of shape {column.shape}")

    def __len__(self) -> int:
        return len(self.event)

    @classmethod
    def joined(cls, parts: Sequence["LabelColumns"]) -> "LabelColumns":
        """One after the other; of no parts it is of no labels."""
        if not parts:
            return cls(*(np.zeros(0, DTYPES.get(name, np.int64)) for name in NAMES))
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in NAMES))

    def take(self, rows: NDArray[Any] | slice) -> "LabelColumns":
        return LabelColumns(*(getattr(self, name)[rows] for name in NAMES))


NAMES: Final = tuple(each.name for each in fields(LabelColumns))
