"""Ids as 64-bit numbers: the same text is the same number in every process, on every machine, in every release.

A text is read as little-endian words of eight bytes, the last filled up with zeros; its length is part of the number.
No text, and the empty one, are 0. Snapshots and labels rest on these numbers: a change would make all of them void.
"""

from contextlib import nullcontext
from functools import partial
from typing import Final

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.compiled import bare
from schemas.lot.buffers import flags, texts
from schemas.lot.cells import FIRST, Cells, bitmap, ends, letters, there

Hashes = NDArray[np.uint64]

unsigned = np.uint64

wrapping: Final = partial(np.errstate, over="ignore") if getattr(numba.config, "DISABLE_JIT") else nullcontext  # noqa: B009
"""Around what multiplies hashes: products wrap, and plain Python would warn of it."""

START: Final = unsigned(0x9E3779B97F4A7C15)
OF_LENGTH: Final = unsigned(0xD6E8FEB86659FD93)
OF_WORD: Final = unsigned(0xA0761D6478BD642F)
OF_SUM: Final = unsigned(0xE7037ED1A0B428DB)
LAST_1: Final = unsigned(0xBF58476D1CE4E5B9)
LAST_2: Final = unsigned(0x94D049BB133111EB)
WORD_BYTES: Final = 8


@bare
def hash_text(data: NDArray[np.uint8], at: int, end: int) -> np.uint64:
    if at == end:
        return unsigned(0)
    number = START ^ (unsigned(end - at) * OF_LENGTH)
    while at < end:
        word = unsigned(0)
        if end - at >= WORD_BYTES:  # a fixed number of bytes is read as one
            for i in range(WORD_BYTES):
                word |= unsigned(data[unsigned(at) + unsigned(i)]) << unsigned(8 * i)
        else:
            for i in range(end - at):
                word |= unsigned(data[unsigned(at) + unsigned(i)]) << unsigned(8 * i)
        word *= OF_WORD
        number ^= word ^ (word >> unsigned(32))
        number = ((number << unsigned(29)) | (number >> unsigned(35))) * OF_SUM
        at += WORD_BYTES
    number = (number ^ (number >> unsigned(30))) * LAST_1
    number = (number ^ (number >> unsigned(27))) * LAST_2
    return number ^ (number >> unsigned(31))


@bare
def hash_texts(data: NDArray[np.uint8], offsets: NDArray[np.int64], found: Hashes) -> None:
    for row in range(found.size):
        found[row] = hash_text(data, offsets[row], offsets[row + 1])


@bare
def hash_column(lot: Cells, column: int, found: Hashes) -> None:
    """As `hash_strings`, in a kernel."""
    data, to, bits, first = letters(lot, column), ends(lot, column), bitmap(lot, column), lot[column, FIRST]
    for row in range(found.size):
        found[row] = hash_text(data, to[row], to[row + 1]) if there(bits, first + row) else unsigned(0)


def hash_strings(column: pa.Array) -> Hashes:
    """One number per row of a string column."""
    text = texts(column)
    found = np.empty(len(column), np.uint64)
    with wrapping():
        hash_texts(text.data, text.offsets, found)
    if column.null_count:
        found[~flags(column)] = 0  # Arrow leaves open what lies below a null
    return found
