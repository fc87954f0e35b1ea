"""A lot's records, laid out by a form: to its pool come the lot's own choices, and numbers by row.

Columns are read from where they lie, and have to be kept until all is written.
"""

from collections.abc import Callable, Hashable
from typing import Final

import numpy as np
import pyarrow as pa

from schemas.writing.cells import Cells, Column, Doubles, DoublesOrNull, Longs, Named, Picked, Text, Vectors
from schemas.writing.form import Form, ends
from schemas.writing.kernel import BEGIN, MAYBE, Bytes, Ints, find, write

AT_ONCE: Final = 1_000
"""Records: so many stay in the processor's cache until they are cut apart."""
LITTLE: Final = np.dtype("<f8")
NO_MATRIX: Final = np.zeros((0, 0), np.uint8)


class Page:
    """For these rows of a lot, any of them. Columns are handed in whole: one entry per row of the lot."""

    def __init__(self, form: Form, ops: Ints, rows: Ints, encode: Callable[[str, Hashable], bytes]) -> None:
        self._rows, self._encode = rows, encode
        self._ops = ops.copy()
        self._pool: list[Bytes] = [np.frombuffer(form.pool, np.uint8)]
        self._size, self._most = len(form.pool), form.most
        self._places = form.places.copy()
        self._numbers = np.empty((form.slots, len(rows)), np.int64)
        self._columns: list[tuple[int, int, int, int]] = []
        self._matrix: Bytes = NO_MATRIX

    def put(self, path: str, kind: int, op: int, slot: int, cell: Cells) -> None:
        numbers, rows = self._numbers, self._rows
        if isinstance(cell, Longs):  # which is quicker than to match
            numbers[slot] = cell.values[rows]
        elif isinstance(cell, Text):
            self._columns.append((slot, 0, *_text(cell.column)))
        elif isinstance(cell, Column):
            self._columns.append((slot, *_numbers(cell.column), 0))
        elif isinstance(cell, DoublesOrNull) and kind == MAYBE:
            numbers[slot] = cell.there[rows]
        elif isinstance(cell, (Doubles, DoublesOrNull)):  # a union would be made anew each time
            numbers[slot] = cell.values[rows].view(np.int64)
        elif isinstance(cell, Picked):
            numbers[slot] = cell.which[rows]
            self._ops[op, BEGIN] = self._listed([self._encode(path, each) for each in cell.choices])
        elif isinstance(cell, Named):
            numbers[slot] = cell.bits[rows]
        elif isinstance(cell, Vectors):
            self._matrix = np.ascontiguousarray(cell.matrix, LITTLE).view(np.uint8).reshape(len(cell.matrix), -1)
            self._most += self._matrix.shape[1]

    def written(self) -> list[bytes]:
        """One value per row."""
        ops, numbers, places = self._ops, self._numbers, np.array(self._places, np.int64)
        pool = np.concatenate(self._pool)
        lengths = np.zeros(len(self._rows), np.int64)
        find(np.array(self._columns, np.int64).reshape(-1, 4), self._rows, numbers, lengths)
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

    def _listed(self, choices: list[bytes]) -> int:
        """Where in `places` it says where each begins."""
        begin = len(self._places)
        self._places += ends(choices, self._size)
        self._most += max(map(len, choices))
        self._pool.append(np.frombuffer(b"".join(choices), np.uint8))
        self._size = self._places[-1]
        return begin


def _text(column: pa.Array) -> tuple[int, int]:
    """Where its offsets and bytes lie in memory; there is a row."""
    _, offsets, data = column.buffers()
    return offsets.address + 4 * column.offset, data.address if data else 0


def _numbers(column: pa.Array) -> tuple[int, int]:
    """How many bits each has, and where they lie in memory; there is a row."""
    bits = column.type.bit_width
    return bits, column.buffers()[1].address + bits // 8 * column.offset


def warm() -> None:
    """Compiled, or loaded from disk, before there is something to write."""
    form = Form()
    form.same(b"nothing else")
    Page(form, form.operations(), np.zeros(1, np.int64), lambda _path, _value: b"").written()
