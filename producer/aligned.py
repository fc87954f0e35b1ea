"""Columns of equal length that are cut, gathered and joined together."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Shorts = NDArray[np.int32]
Bytes = NDArray[np.int8]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """A subclass has nothing but arrays, one entry per row in each."""

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def take(self, rows: Integers | Flags | slice) -> Self:
        return type(self)(**{each.name: getattr(self, each.name)[rows] for each in fields(self)})

    @classmethod
    def joined(cls, pieces: Iterable[Self]) -> Self:
        """At least one piece, one after the other."""
        held = list(pieces)
        if len(held) == 1:
            return held[0]
        return cls(**{each.name: np.concatenate([getattr(piece, each.name) for piece in held]) for each in fields(cls)})
