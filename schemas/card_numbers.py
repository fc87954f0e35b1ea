"""Which texts look like a real payment card number, which this product must never see.

A look-alike is 13 to 19 digits whose Luhn check holds and which are not all the same digit. In a card id the whole
text must be one; in free text any run of digits counts, both as it stands and joined with its neighbours where a
single space or dash stands between digits ("4111 1111 1111 1111").
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from schemas.compiled import compiled

unsigned = np.uint64
"""An index that cannot be negative, so that nothing checks for it."""

FEWEST: Final = 13
MOST: Final = 19
ZERO, NINE, SPACE, DASH = ord("0"), ord("9"), ord(" "), ord("-")


@compiled
def luhn(data: NDArray[np.uint8], at: int, end: int) -> bool:
    """Of the digits between `at` and `end`; whatever else stands there is passed over."""
    total, place, same = np.int64(0), 0, True
    for back in range(1, end - at + 1):
        digit = np.int64(data[end - back]) - ZERO
        if digit < 0 or digit > 9:  # noqa: PLR2004
            continue
        same = same and data[end - back] == data[end - 1]
        twice = digit * (1 + place % 2)
        total += twice if twice < 10 else twice - 9  # noqa: PLR2004 - the sum of its two digits
        place += 1
    return bool(total % 10 == 0 and not same)


@compiled
def look_alike(data: NDArray[np.uint8], at: int, end: int, whole: bool) -> bool:
    """Whether the text between `at` and `end` has one, or is one."""
    found = False
    joined_at, joined, run_at, run = at, 0, at, 0
    for i in range(at, end + 1):
        byte = np.int64(data[i]) if i < end else np.int64(0)
        if ZERO <= byte <= NINE:
            joined_at = joined_at if joined else i
            run_at = run_at if run else i
            joined += 1
            run += 1
            continue
        if FEWEST <= run <= MOST and not whole and luhn(data, run_at, i):
            found = True
        run = 0
        if joined and i + 1 < end and (byte in (SPACE, DASH)) and ZERO <= data[i + 1] <= NINE:
            continue
        if FEWEST <= joined <= MOST and (not whole or (joined_at == at and i == end)) and luhn(data, joined_at, i):
            found = True
        joined = 0
    return found


@compiled
def mark_look_alikes(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], whole: bool, found: NDArray[np.bool_]
) -> None:
    for row in range(found.size):
        at, end = offsets[row], offsets[row + 1]
        digits = 0
        for i in range(unsigned(end - at)):
            byte = data[unsigned(at) + i]
            digits += (byte >= ZERO) & (byte <= NINE)
        found[row] = digits >= FEWEST and look_alike(data, at, end, whole)


def look_alikes(data: NDArray[np.uint8], offsets: NDArray[np.int64], *, whole: bool) -> NDArray[np.bool_]:
    """Which texts of a column have one: its bytes, and where each begins and the last ends."""
    found = np.empty(offsets.size - 1, np.bool_)
    mark_look_alikes(data, offsets, whole, found)
    return found
