"""Texts that end in a number of fixed width, a whole column at once."""

from typing import Final

import numpy as np
import pyarrow as pa

from producer.aligned import Flags, Integers, Shorts

GROUP: Final = 3
BASE: Final = 10**GROUP
TRIPLES: Final = np.array([list(f"{number:0{GROUP}d}".encode()) for number in range(BASE)], np.uint8)


def numbered(prefix: str, numbers: Integers | Shorts, digits: int, there: Flags | None = None) -> pa.Array:
    """`prefix` and the number in `digits` digits, which are a multiple of three and hold it; null where not `there`."""
    begin = prefix.encode()
    width = len(begin) + digits
    texts = np.empty((len(numbers), width), np.uint8)
    texts[:, : len(begin)] = np.frombuffer(begin, np.uint8)
    rest = numbers
    for end in range(width, len(begin), -GROUP):
        above = rest // BASE
        texts[:, end - GROUP : end] = TRIPLES[rest - above * BASE]
        rest = above
    offsets = pa.py_buffer(np.arange(len(numbers) + 1, dtype=np.int32) * np.int32(width))
    valid = None if there is None else pa.py_buffer(np.packbits(there, bitorder="little"))
    return pa.Array.from_buffers(pa.string(), len(numbers), [valid, offsets, pa.py_buffer(texts)])
