"""A lot as kernels read it: where its columns lie in memory, found out by one call of Arrow for all of them.

Such a table is good for as long as the rows that it was made of are kept.
"""

import ctypes
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.compiled import bare, compiled
from schemas.lot.table import SCHEMA
from schemas.memory import memory

Integers = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Cells = Integers

VALID, VALUES, TEXT, FIRST, ROWS = range(5)
"""Of a column: where its bitmap, its values or offsets, and its bytes lie, 0 for nowhere; the first row; how many."""
SYMBOLS: Final = len(SCHEMA)
"""Where the dictionary of the one column that has one stands: after all columns."""

LONG, INT = np.zeros(0, np.int64), np.zeros(0, np.int32)
SHORT, BYTE, DOUBLE = np.zeros(0, np.int8), np.zeros(0, np.uint8), np.zeros(0, np.float64)

OFFSET, BUFFERS, CHILDREN, DICTIONARY, WORDS = 2, 5, 6, 7, 8
"""Of Arrow's C data interface, in words."""

_pointer: Final[Any] = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


def place(name: str) -> int:
    return int(SCHEMA.get_field_index(name))


def cells(rows: pa.RecordBatch) -> Cells:
    """Of rows of a lot, which may be a slice."""
    if not rows.schema.equals(SCHEMA):
        raise TypeError(f"these are no rows of a lot: {rows.schema.names}")
    found = np.zeros((SYMBOLS + 1, ROWS + 1), np.int64)
    _, capsule = rows.__arrow_c_array__()
    _read(_pointer(capsule, b"arrow_array"), found)
    return found


@bare
def _read(address: int, found: Cells) -> None:
    parent = memory(address, WORDS, LONG)
    children = memory(parent[CHILDREN], SYMBOLS, LONG)
    for column in range(SYMBOLS):
        child = memory(children[column], WORDS, LONG)
        _note(child, parent[OFFSET], found, column)
        found[column, ROWS] = parent[0]
        if child[DICTIONARY]:
            _note(memory(child[DICTIONARY], WORDS, LONG), 0, found, SYMBOLS)


@bare
def _note(array: Integers, first: int, found: Cells, column: int) -> None:
    buffers = memory(array[BUFFERS], array[3], LONG)
    for which in range(buffers.size):
        found[column, which] = buffers[which]
    found[column, FIRST], found[column, ROWS] = first + array[OFFSET], array[0]


@compiled
def longs(lot: Cells, column: int) -> Integers:
    return memory(lot[column, VALUES] + 8 * lot[column, FIRST], lot[column, ROWS], LONG)


@compiled
def doubles(lot: Cells, column: int) -> NDArray[np.float64]:
    return memory(lot[column, VALUES] + 8 * lot[column, FIRST], lot[column, ROWS], DOUBLE)


@compiled
def ints(lot: Cells, column: int) -> NDArray[np.int32]:
    return memory(lot[column, VALUES] + 4 * lot[column, FIRST], lot[column, ROWS], INT)


@compiled
def symbols(lot: Cells, column: int) -> NDArray[np.int8]:
    return memory(lot[column, VALUES] + lot[column, FIRST], lot[column, ROWS], SHORT)


@compiled
def ends(lot: Cells, column: int) -> NDArray[np.int32]:
    """Of texts: where the first begins, then where each ends."""
    return memory(lot[column, VALUES] + 4 * lot[column, FIRST], lot[column, ROWS] + (lot[column, ROWS] > 0), INT)


@compiled
def letters(lot: Cells, column: int) -> Bytes:
    """Of texts: their bytes, as the ends count them."""
    to = ends(lot, column)
    return memory(lot[column, TEXT], to[to.size - 1] if to.size else 0, BYTE)


@compiled
def bitmap(lot: Cells, column: int) -> Bytes:
    """Which rows are not null, to be asked of `there`; empty where none is."""
    last = lot[column, FIRST] + lot[column, ROWS]
    return memory(lot[column, VALID], (last + 7) // 8 if lot[column, VALID] else 0, BYTE)


@bare
def there(bits: Bytes, at: int) -> bool:
    return bool(bits.size == 0 or (bits[at >> 3] >> (at & 7)) & 1)
