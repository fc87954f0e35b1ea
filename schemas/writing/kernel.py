"""Avro of many rows at once, following operations: what a record is made of, in the order of its bytes.

    FIXED   the bytes of the pool from BEGIN to END, the same in every row
    TEXT    length and bytes of what lies in memory between two numbers of the row, at SLOT and behind it
    LONG    a number, as int, long and enum are written
    DOUBLE  a number's 64 bits
    MAYBE   which branch of a union of null and the next operation; 0 leaves that out
    VECTOR  the row of the matrix, an array of doubles in one block
    PICKED  bytes of the pool, one of several: the number says which, `places` from BEGIN on where each lies
    NAMED   an array of those of several, in their order, whose bit is set in the number; there are END of them

Whoever calls has made room for the longest row that can be.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from schemas.compiled import compiled
from schemas.lot import cells
from schemas.memory import memory

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

LONGS, INTS, BYTES = cells.LONG, cells.INT, cells.BYTE
unsigned = np.uint64
"""An index that cannot be negative: the check for one costs time."""

KIND, SLOT, BEGIN, END = range(4)
FIXED, TEXT, LONG, DOUBLE, MAYBE, VECTOR, PICKED, NAMED = range(8)
OF, BITS, FIRST, LETTERS = range(4)
"""Of a column: its slot, the bits of a number, and where in memory these begin; of texts 0, their offsets and bytes."""
WIDE: Final = 64
DOUBLE_BYTES: Final = 8
LOW_BITS: Final = 0x7F
MORE: Final = 0x80
WITHOUT_SIGN: Final = (1 << 57) - 1
SECOND_BRANCH: Final = 2


@compiled
def put_long(number: int, out: Bytes, at: int) -> int:
    """Where it ends."""
    left = (number << 1) ^ (number >> 63)
    while left & ~LOW_BITS:
        out[unsigned(at)] = (left & LOW_BITS) | MORE
        left = (left >> 7) & WITHOUT_SIGN
        at += 1
    out[unsigned(at)] = left
    return at + 1


@compiled
def put_bytes(data: Bytes, begin: int, end: int, out: Bytes, at: int) -> int:
    """Where they end."""
    for i in range(end - begin):
        out[unsigned(at) + unsigned(i)] = data[unsigned(begin) + unsigned(i)]
    return at + end - begin


@compiled
def put_named(bits: int, names: Ints, pool: Bytes, out: Bytes, at: int) -> int:
    """Where the array ends; `names` says where each begins, and the last ends."""
    many = 0
    for name in range(names.size - 1):
        many += (bits >> name) & 1
    if many:
        at = put_long(many, out, at)
        for name in range(names.size - 1):
            if (bits >> name) & 1:
                at = put_bytes(pool, names[name], names[name + 1], out, at)
    out[unsigned(at)] = 0
    return at + 1


@compiled
def find(columns: Ints, rows: Ints, numbers: Ints, lengths: Ints) -> None:
    """The numbers of each record, and where in memory its texts lie; to `lengths` comes how long these are together."""
    for column in range(columns.shape[0]):
        slot, bits = columns[column, OF], columns[column, BITS]
        first, letters = columns[column, FIRST], columns[column, LETTERS]
        for record in range(rows.size):
            if bits == WIDE:
                numbers[slot, record] = memory(first + 8 * rows[record], 1, LONGS)[0]
            elif bits:
                numbers[slot, record] = memory(first + 4 * rows[record], 1, INTS)[0]
            else:
                ends = memory(first + 4 * rows[record], 2, INTS)
                begin, end = np.int64(ends[0]), np.int64(ends[1])
                numbers[slot, record], numbers[slot + 1, record] = letters + begin, letters + end
                lengths[record] += end - begin


@compiled
def write(  # noqa: C901, PLR0917
    ops: Ints, pool: Bytes, places: Ints, numbers: Ints, matrix: Bytes, rows: Ints, out: Bytes, ends: Ints
) -> None:
    """One record after the other; `numbers` has a column for each, `rows` says which row of the matrix it has."""
    at = 0
    for record in range(ends.size):
        op = 0
        while op < ops.shape[0]:
            kind, slot, begin, end = ops[op, KIND], ops[op, SLOT], ops[op, BEGIN], ops[op, END]
            if kind == FIXED:
                at = put_bytes(pool, begin, end, out, at)
            elif kind == TEXT:
                begin, end = numbers[slot, record], numbers[slot + 1, record]
                at = put_long(end - begin, out, at)
                at = put_bytes(memory(begin, end - begin, BYTES), 0, end - begin, out, at)
            elif kind == LONG:
                at = put_long(numbers[slot, record], out, at)
            elif kind == DOUBLE:
                bits = numbers[slot, record]
                for i in range(DOUBLE_BYTES):
                    out[unsigned(at) + unsigned(i)] = (bits >> (8 * i)) & 0xFF
                at += DOUBLE_BYTES
            elif kind == MAYBE:
                out[unsigned(at)] = SECOND_BRANCH * numbers[slot, record]
                at += 1
                op += 1 - numbers[slot, record]
            elif kind == VECTOR:
                if matrix.shape[1]:
                    at = put_long(matrix.shape[1] // DOUBLE_BYTES, out, at)
                    at = put_bytes(matrix[rows[record]], 0, matrix.shape[1], out, at)
                out[unsigned(at)] = 0
                at += 1
            elif kind == PICKED:
                which = begin + numbers[slot, record]
                at = put_bytes(pool, places[which], places[which + 1], out, at)
            else:
                at = put_named(numbers[slot, record], places[begin : begin + end + 1], pool, out, at)
            op += 1
        ends[record] = at
