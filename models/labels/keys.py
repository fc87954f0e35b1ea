"""Small numbers for 64-bit hashes: 0, 1, 2, ... in the order in which they are first seen."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.labels.room import longer
from schemas.compiled import bare

Integers = NDArray[np.int64]
Slots = NDArray[np.int32]

NOBODY: Final = -1
FIRST_SIZE: Final = 1024


class Keys:
    """An open-addressing table, at most half full; growing is all that it does besides what `number` is asked for."""

    def __init__(self) -> None:
        self._count = 0
        self._hashes = np.zeros(FIRST_SIZE, np.int64)
        self._table = np.full(2 * FIRST_SIZE, NOBODY, np.int32)
        _enter(self._table, self._hashes[:0])  # compiled now, not when the first table is full

    def __len__(self) -> int:
        return self._count

    @property
    def hashes(self) -> NDArray[np.uint64]:
        return self._hashes[: self._count].view(np.uint64)

    def number(self, hashes: NDArray[np.uint64]) -> Slots:
        """The number of each hash; an unknown one gets the next."""
        self._fit(self._count + len(hashes))
        slots = np.empty(len(hashes), np.int32)
        self._count = _number(self._table, self._hashes, self._count, hashes.view(np.int64), slots)
        return slots

    def find(self, hashes: NDArray[np.uint64]) -> Slots:
        """The number of each hash, -1 for an unknown one."""
        slots = np.empty(len(hashes), np.int32)
        _find(self._table, self._hashes, hashes.view(np.int64), slots)
        return slots

    def _fit(self, count: int) -> None:
        self._hashes = longer(self._hashes, count)
        if 2 * count > len(self._table):
            self._table = np.full(2 << count.bit_length(), NOBODY, np.int32)
            _enter(self._table, self._hashes[: self._count])


@bare
def _number(table: Slots, hashes: Integers, count: int, wanted: Integers, slots: Slots) -> int:
    mask = len(table) - 1
    for i in range(len(wanted)):
        key = wanted[i]
        at = (key ^ (key >> 32)) & mask
        while table[at] >= 0 and hashes[table[at]] != key:
            at = (at + 1) & mask
        if table[at] < 0:
            hashes[count] = key
            table[at] = count
            count += 1
        slots[i] = table[at]
    return count


@bare
def _find(table: Slots, hashes: Integers, wanted: Integers, slots: Slots) -> None:
    mask = len(table) - 1
    for i in range(len(wanted)):
        key = wanted[i]
        at = (key ^ (key >> 32)) & mask
        while table[at] >= 0 and hashes[table[at]] != key:
            at = (at + 1) & mask
        slots[i] = table[at]


@bare
def _enter(table: Slots, hashes: Integers) -> None:
    mask = len(table) - 1
    for slot in range(len(hashes)):
        at = (hashes[slot] ^ (hashes[slot] >> 32)) & mask
        while table[at] >= 0:
            at = (at + 1) & mask
        table[at] = slot
