"""What all lots are written by that hold the same in every row: operations, and a pool of bytes that they copy from."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from schemas.writing.cells import Cells, Column, Doubles, DoublesOrNull, Longs, Named, Picked, Text, Vectors
from schemas.writing.kernel import (
    DOUBLE,
    DOUBLE_BYTES,
    FIXED,
    LONG,
    MAYBE,
    NAMED,
    PICKED,
    TEXT,
    VECTOR,
)

LONGEST_NUMBER: Final = 10
Step = tuple[str, int, int, int]
"""The path of a field, and its kind, operation and first slot."""


class Form:
    """Fields are handed in by the order of their bytes; `most` is how long a row gets, without texts and vectors."""

    def __init__(self) -> None:
        self.pool = b""
        self.places: list[int] = []
        self.steps: list[Step] = []
        self.slots = self.most = 0
        self._ops: list[tuple[int, int, int, int]] = []
        self._fixed = 0

    def operations(self) -> NDArray[np.int64]:
        """Once all fields are in."""
        self._settle()
        return np.array(self._ops, np.int64).reshape(-1, 4)

    def same(self, data: bytes) -> None:
        """In every row."""
        self.pool += data
        self._fixed += len(data)

    def put(self, path: str, cell: Cells, names: Sequence[bytes] = ()) -> None:
        """What is of each row. `names` are those of bits, as they stand in an array."""
        match cell:
            case Text():
                self._op(path, TEXT, LONGEST_NUMBER, slots=2)
            case Longs() | Column():
                self._op(path, LONG, LONGEST_NUMBER)
            case Doubles():
                self._op(path, DOUBLE, DOUBLE_BYTES)
            case DoublesOrNull():
                self._op(path, MAYBE, 1)
                self._op(path, DOUBLE, DOUBLE_BYTES)
            case Vectors():
                self._op(path, VECTOR, LONGEST_NUMBER + 1, slots=0)
            case Picked():
                self._op(path, PICKED, 0)
            case Named():
                most = LONGEST_NUMBER + sum(map(len, names)) + 1
                self._op(path, NAMED, most, begin=len(self.places), end=len(names))
                self.places += ends(names, len(self.pool))
                self.pool += b"".join(names)

    def _op(self, path: str, kind: int, most: int, *, slots: int = 1, begin: int = 0, end: int = 0) -> None:
        self._settle()
        self.steps.append((path, kind, len(self._ops), self.slots))
        self._ops.append((kind, self.slots, begin, end))
        self.slots += slots
        self.most += most

    def _settle(self) -> None:
        """What is the same in all rows becomes one operation."""
        if self._fixed:
            self._ops.append((FIXED, 0, len(self.pool) - self._fixed, len(self.pool)))
            self.most += self._fixed
            self._fixed = 0


def ends(parts: Sequence[bytes], at: int) -> list[int]:
    """Where each begins that follows the one before, and where the last ends."""
    found = [at]
    for each in parts:
        found.append(found[-1] + len(each))
    return found
