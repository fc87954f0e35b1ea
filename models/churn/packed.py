"""A generation of churn scores as two sorted columns: found by a customer's number, the same bytes wherever it is kept.

A chunk holds consecutive customers: their numbers, ascending, then their scores in millionths, both little-endian. The
digest is of number and score in turn, so that it says the same of a generation however it was cut into chunks.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.hashing import Hashes
from schemas.churn import SCALE
from schemas.compiled import compiled

signed, unsigned = np.int64, np.uint64

UNKNOWN: Final = -1
HALF: Final = unsigned(32)
FIRST_STEP: Final = 256
"""Of a million, half are closer than that to where they would be if all were evenly spread."""
NUMBER: Final = np.dtype("<u8")
SCORE: Final = np.dtype("<u4")
ENTRY_BYTES: Final = NUMBER.itemsize + SCORE.itemsize
ENTRY: Final = np.dtype([("number", NUMBER), ("score", SCORE)])

Scores = NDArray[np.uint32]
Found = NDArray[np.int32]


class SameNumber(ValueError):
    """Two customers have one number: `row` is the second of them, in the order they were handed in."""

    def __init__(self, row: int) -> None:
        super().__init__(f"row {row} has the number of another row")
        self.row = row


@dataclass(frozen=True, slots=True)
class Packed:
    """Numbers are `models.hashing.hash_strings` of customer ids, ascending, each once."""

    numbers: Hashes
    scores: Scores

    def __len__(self) -> int:
        return len(self.numbers)

    def look_up(self, asked: Hashes) -> Found:
        """Millionths, in the order asked; UNKNOWN where nobody has that number."""
        found = np.empty(len(asked), np.int32)
        search(self.numbers, self.scores, asked, found)
        return found

    def chunk(self) -> bytes:
        return self.numbers.astype(NUMBER).tobytes() + self.scores.astype(SCORE).tobytes()


def packed(numbers: Hashes, scores: Scores) -> Packed:
    """In any order. Raises SameNumber."""
    order = np.argsort(numbers, kind="stable")
    ascending = numbers[order]
    twice = np.flatnonzero(ascending[1:] == ascending[:-1])
    if twice.size:
        raise SameNumber(int(order[twice[0] + 1]))
    return Packed(ascending, scores[order])


def unpacked(chunk: bytes | memoryview) -> Packed:
    """Reads in place. Raises ValueError on what no generation holds."""
    rows, rest = divmod(len(chunk), ENTRY_BYTES)
    if rest:
        raise ValueError(f"{len(chunk)} bytes are not {ENTRY_BYTES} for each customer")
    numbers = np.frombuffer(chunk, NUMBER, rows)
    scores = np.frombuffer(chunk, SCORE, rows, rows * NUMBER.itemsize)
    if (numbers[1:] <= numbers[:-1]).any():
        raise ValueError("numbers do not ascend")
    if (scores > SCALE).any():
        raise ValueError(f"a score is above {SCALE} millionths")
    return Packed(numbers, scores)


def digest(parts: Iterable[Packed]) -> str:
    """Of consecutive parts; the same for any cut."""
    seen = hashlib.sha256()
    for part in parts:
        entries = np.empty(len(part), ENTRY)
        entries["number"], entries["score"] = part.numbers, part.scores
        seen.update(entries.tobytes())
    return seen.hexdigest()


@compiled
def search(numbers: Hashes, scores: Scores, asked: Hashes, found: Found) -> None:
    """Begins where a number would be if they were evenly spread, as hashes nearly are; right wherever they are."""
    size = numbers.size
    for row in range(asked.size):
        found[row] = UNKNOWN
        if size == 0:
            continue
        number = asked[row]
        guess = int(signed(((number >> HALF) * unsigned(size)) >> HALF))
        low, high, step = guess, guess, FIRST_STEP
        while low > 0 and numbers[low] > number:
            low, step = max(low - step, 0), 2 * step
        step = FIRST_STEP
        while high < size - 1 and numbers[high] < number:
            high, step = min(high + step, size - 1), 2 * step
        while low <= high:
            middle = (low + high) // 2
            if numbers[middle] < number:
                low = middle + 1
            elif numbers[middle] > number:
                high = middle - 1
            else:
                found[row] = scores[middle]
                break
