"""What a lot's records are written from: operations, a pool of bytes, and numbers by row."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from schemas.lot.buffers import Texts
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
    Bytes,
    Ints,
    write,
)

LONGEST_NUMBER: Final = 10
AT_ONCE: Final = 1_000
"""Records: so many stay in the processor's cache until they are cut apart."""
LITTLE: Final = np.dtype("<f8")


class Page:
    """For these rows of a lot, any of them. Columns are handed in whole: one entry per row of the lot."""

    def __init__(self, rows: Ints) -> None:
        self._rows = rows
        self._ops: list[tuple[int, int, int, int]] = []
        self._pool: list[Bytes] = []
        self._size = self._most = 0
        self._places: list[int] = []
        self._numbers: list[Ints] = []
        self._lengths: list[Ints] = []
        self._fixed = b""
        self._matrix: Bytes = np.zeros((0, 0), np.uint8)

    def fixed(self, data: bytes) -> None:
        self._fixed += data

    def text(self, texts: Texts) -> None:
        self._settle()
        shift = self._size - int(texts.offsets[0])
        starts = texts.offsets[:-1][self._rows] + shift
        lengths = texts.lengths[self._rows]
        self._op(TEXT, len(self._numbers), most=LONGEST_NUMBER)
        self._numbers += [starts, starts + lengths]
        self._lengths.append(lengths)
        self._into_pool(texts.used())

    def longs(self, values: NDArray[Any]) -> None:
        self._op(LONG, self._slot(values), most=LONGEST_NUMBER)

    def doubles(self, values: NDArray[np.float64]) -> None:
        self._op(DOUBLE, self._slot(np.ascontiguousarray(values).view(np.int64)), most=DOUBLE_BYTES)

    def maybe(self, there: NDArray[np.bool_]) -> None:
        """Whether what is written next is there."""
        self._op(MAYBE, self._slot(there), most=1)

    def vectors(self, matrix: NDArray[np.float64]) -> None:
        self._matrix = np.ascontiguousarray(matrix, LITTLE).view(np.uint8).reshape(len(matrix), -1)
        self._op(VECTOR, 0, most=LONGEST_NUMBER + self._matrix.shape[1] + 1)

    def picked(self, which: NDArray[Any], choices: list[bytes]) -> None:
        self._op(PICKED, self._slot(which), self._listed(choices), most=max(map(len, choices)))

    def named(self, bits: NDArray[Any], names: list[bytes]) -> None:
        most = LONGEST_NUMBER + sum(map(len, names)) + 1
        self._op(NAMED, self._slot(bits), self._listed(names), len(names), most=most)

    def written(self) -> list[bytes]:
        """One value per row."""
        self._settle()
        numbers = np.empty((len(self._numbers), len(self._rows)), np.int64)
        for slot, column in enumerate(self._numbers):
            numbers[slot] = column
        ops, places = np.array(self._ops, np.int64).reshape(-1, 4), np.array(self._places, np.int64)
        pool, lengths = np.concatenate(self._pool), sum(self._lengths, np.zeros(len(self._rows), np.int64))
        values: list[bytes] = []
        for first in range(0, len(self._rows), AT_ONCE):
            some = slice(first, first + AT_ONCE)
            ends = np.empty(len(self._rows[some]), np.int64)
            out = np.empty(int(lengths[some].sum()) + self._most * len(ends), np.uint8)
            there = np.ascontiguousarray(numbers[:, some])
            write(ops, pool, places, there, self._matrix, self._rows[some], out, ends)
            data, cuts = out[: ends[-1]].tobytes(), ends.tolist()
            values += [data[start:end] for start, end in zip([0, *cuts], cuts, strict=False)]
        return values

    def _slot(self, values: NDArray[Any]) -> int:
        self._numbers.append(values[self._rows])
        return len(self._numbers) - 1

    def _listed(self, choices: list[bytes]) -> int:
        """Where in `places` it says where each begins."""
        begin, at = len(self._places), self._size
        for each in choices:
            self._places.append(at)
            at += len(each)
        self._places.append(at)
        self._into_pool(np.frombuffer(b"".join(choices), np.uint8))
        return begin

    def _op(self, kind: int, slot: int, begin: int = 0, end: int = 0, *, most: int) -> None:
        self._settle()
        self._ops.append((kind, slot, begin, end))
        self._most += most

    def _settle(self) -> None:
        """What is the same in all rows becomes one operation."""
        data, self._fixed = self._fixed, b""
        if data:
            self._ops.append((FIXED, 0, self._size, self._size + len(data)))
            self._most += len(data)
            self._into_pool(np.frombuffer(data, np.uint8))

    def _into_pool(self, data: Bytes) -> None:
        self._pool.append(data)
        self._size += len(data)


def warm() -> None:
    """Compiled, or loaded from disk, before there is something to write."""
    page = Page(np.zeros(1, np.int64))
    page.fixed(b"nothing else")
    page.written()
