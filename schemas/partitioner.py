"""Which partition a key belongs to, as producers reckon: Java's default murmur2, or librdkafka's default CRC32.

    murmur2   (murmur2(key) & 0x7fffffff) % partitions    Java, and librdkafka with partitioner=murmur2_random
    crc32     crc32(key) % partitions                     librdkafka's own default, consistent_random

Both place a record without a key at random, so only keys are asked about here.
"""

import zlib
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from schemas.compiled import compiled

Partitioner = Literal["murmur2", "crc32"]

SEED: Final = 0x9747B28C
MULTIPLIER: Final = 0x5BD1E995
WORD: Final = 0xFFFF_FFFF
WORD_BYTES: Final = 4
POSITIVE: Final = 0x7FFF_FFFF
NO_TABLE: Final = np.zeros(0, np.int64)
CRC_TABLE: Final = np.array([zlib.crc32(bytes([each])) ^ zlib.crc32(b"\0") for each in range(256)], np.int64)
"""The step of a CRC is linear, so the remainder of each byte is what it changes in the checksum of one byte."""


@compiled
def hashes(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], table: NDArray[np.int64], found: NDArray[np.int64]
) -> None:
    """Every key's 32-bit hash, unsigned: CRC32 where a table is given, else murmur2."""
    for row in range(found.size):
        at, end = offsets[row], offsets[row + 1]
        if table.size:
            crc = np.int64(WORD)
            for i in range(at, end):
                crc = (crc >> 8) ^ table[(crc ^ data[i]) & 0xFF]
            found[row] = crc ^ WORD
            continue
        word = np.int64(SEED ^ (end - at))
        while end - at >= WORD_BYTES:
            mixed = np.int64(0)
            for i in range(WORD_BYTES):
                mixed |= np.int64(data[at + i]) << (8 * i)
            mixed = (mixed * MULTIPLIER) & WORD
            mixed = ((mixed ^ (mixed >> 24)) * MULTIPLIER) & WORD
            word = ((word * MULTIPLIER) & WORD) ^ mixed
            at += WORD_BYTES
        if at < end:
            for i in range(end - at):
                word ^= np.int64(data[at + i]) << (8 * i)
            word = (word * MULTIPLIER) & WORD
        word = ((word ^ (word >> 13)) * MULTIPLIER) & WORD
        found[row] = word ^ (word >> 15)


def murmur2(key: bytes) -> int:
    """Java's signed 32-bit hash."""
    word = int(_hashed(*_column(key), "murmur2")[0])
    return word - (WORD + 1) if word > POSITIVE else word


def partition(key: bytes, partitions: int, partitioner: Partitioner) -> int:
    return int(partitions_of(*_column(key), partitions, partitioner)[0])


def partitions_of(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], partitions: int, partitioner: Partitioner
) -> NDArray[np.int64]:
    """The partition of every key of a column: its bytes, and where each begins and the last ends."""
    found = _hashed(data, offsets, partitioner)
    return (found if partitioner == "crc32" else found & POSITIVE) % partitions


def table_of(partitioner: Partitioner) -> NDArray[np.int64]:
    """What the loop knows a partitioner by."""
    return CRC_TABLE if partitioner == "crc32" else NO_TABLE


def _hashed(data: NDArray[np.uint8], offsets: NDArray[np.int64], partitioner: Partitioner) -> NDArray[np.int64]:
    found = np.empty(offsets.size - 1, np.int64)
    hashes(data, offsets, table_of(partitioner), found)
    return found


def _column(key: bytes) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    return np.frombuffer(key, np.uint8), np.array([0, len(key)])
