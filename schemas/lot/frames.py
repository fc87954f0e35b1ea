"""A lot's values sorted by framing and schema, all at once: who reads which bytes.

The rule for one value is `schemas.framing.split`; the loop here says the same of every row, and refused rows are
explained by it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.compiled import compiled
from schemas.framing import CONFLUENT_HEADER, FINGERPRINT_BYTES, ID_BYTES, SINGLE_OBJECT_HEADER, Framing
from schemas.lot.buffers import texts
from schemas.lot.kernel import Bytes, Ints

BINARY: Final = pa.large_binary()
REFUSED, SINGLE_OBJECT, CONFLUENT, JSON = range(4)
FRAMINGS: Final = (None, Framing.SINGLE_OBJECT, Framing.CONFLUENT, Framing.JSON)
SINGLE_OBJECT_FIRST, SINGLE_OBJECT_SECOND, CONFLUENT_FIRST, JSON_FIRST = 0xC3, 0x01, 0x00, 0x7B


@compiled
def frame(data: Bytes, offsets: Ints, kinds: Bytes, keys: Ints, starts: Ints) -> bool:
    """Per row: framing, schema key as a number, start of the payload. Whether all rows have the same two."""
    alike = True
    for row in range(kinds.size):
        at = offsets[row]
        size = offsets[row + 1] - at
        kind, length = REFUSED, 0
        if size > 0:
            if data[at] == CONFLUENT_FIRST and size >= CONFLUENT_HEADER:
                kind, length = CONFLUENT, ID_BYTES
            elif data[at] == JSON_FIRST:
                kind = JSON
            elif (
                size >= SINGLE_OBJECT_HEADER
                and data[at] == SINGLE_OBJECT_FIRST
                and data[at + 1] == SINGLE_OBJECT_SECOND
            ):
                kind, length = SINGLE_OBJECT, FINGERPRINT_BYTES
        if kind == CONFLUENT:
            at += CONFLUENT_HEADER - ID_BYTES
        elif kind == SINGLE_OBJECT:
            at += SINGLE_OBJECT_HEADER - FINGERPRINT_BYTES
        key = np.int64(0)
        for i in range(length):
            key |= np.int64(data[at + i]) << (8 * i)
        kinds[row] = kind
        keys[row] = key
        starts[row] = at + length
        alike = alike and kind == kinds[0] and key == keys[0]
    return alike


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Rows of one framing and one schema key; `framing` is None where there is no such thing."""

    framing: Framing | None
    key: bytes
    rows: NDArray[np.int64]
    starts: Ints
    ends: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    data: Bytes
    groups: tuple[Group, ...]
    keys: pa.Array


def frames(values: Sequence[bytes | None], keys: Sequence[bytes | None] = ()) -> Frames:
    """The keys are made a column together with the values: the second call of Arrow would cost as much as the first."""
    size, both = len(values), pa.array([*values, *keys], BINARY)
    column, rest = texts(both), both.slice(size)
    data, offsets = column.data, column.offsets[: size + 1]
    kinds, ids, starts = np.empty(size, np.uint8), np.empty(size, np.int64), np.empty(size, np.int64)
    if frame(data, offsets, kinds, ids, starts) and size:
        return Frames(data, (_group(data, kinds, np.arange(size), starts, offsets[1:]),), rest)
    groups = (_group(data, kinds[rows], rows, starts[rows], offsets[1:][rows]) for rows in _sorted(kinds, ids))
    return Frames(data, tuple(groups) if size else (), rest)


def _group(data: Bytes, kinds: Bytes, rows: Ints, starts: Ints, ends: Ints) -> Group:
    kind, start = int(kinds[0]), int(starts[0])
    length = (0, FINGERPRINT_BYTES, ID_BYTES, 0)[kind]
    return Group(FRAMINGS[kind], data[start - length : start].tobytes(), rows, starts, ends)


def _sorted(kinds: Bytes, keys: Ints) -> Iterator[NDArray[np.int64]]:
    """Row numbers by framing and key, ascending within each."""
    order = np.lexsort((keys, kinds))
    breaks = (np.diff(kinds[order]) != 0) | (np.diff(keys[order]) != 0)
    yield from np.split(order, np.flatnonzero(breaks) + 1)
