"""Strict Avro of a whole lot, following a plan: every row gets a verdict, no row reads outside its own bytes.

One pass validates and writes the accepted rows, densely and in order, as Arrow lays them out: numbers as 64-bit
patterns, strings as bytes and offsets. A refused row is overwritten by the next. What strict means stands in
`schemas.lot.strict`; the first fault in byte order decides, and a fault of schema resolution (a symbol or bytes the
reader has no place for) only when the encoding itself is in order.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from schemas.compiled import compiled
from schemas.lot.plan import (
    ARGUMENT,
    BOOLEAN,
    BRANCH,
    BYTES,
    DOUBLE,
    ENUM,
    KIND,
    LAST_VARINT,
    LONG,
    NO_SYMBOL,
    SIZE,
    SKIPPED,
    SLOT,
    STRING,
)
from schemas.verdicts import Reason

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

unsigned = np.uint64
"""An index that cannot be negative: the check for one would cost half of the time."""

GOOD, TRUNCATED, TRAILING, INVALID, BAD_TEXT = range(5)
REASONS: Final = (None, Reason.TRUNCATED, Reason.TRAILING_BYTES, Reason.INVALID_ENCODING, Reason.INVALID_UTF8)
LAST_SHIFT: Final = 63
POSITIVE: Final = 0x7FFF_FFFF_FFFF_FFFF
INT_MIN: Final = -(2**31)
INT_MAX: Final = 2**31 - 1


@compiled
def is_utf8(data: Bytes, at: int, end: int) -> bool:  # noqa: C901, PLR0912 - Unicode's table
    while at < end:
        lead = data[at]
        if lead < 0x80:  # noqa: PLR2004 - ASCII
            at += 1
            continue
        low, top = 0x80, 0xBF
        if lead < 0xC2:  # noqa: PLR2004 - a continuation byte, or an overlong form
            return False
        if lead < 0xE0:  # noqa: PLR2004
            more = 1
        elif lead < 0xF0:  # noqa: PLR2004
            more = 2
            if lead == 0xE0:  # noqa: PLR2004 - overlong below
                low = 0xA0
            elif lead == 0xED:  # noqa: PLR2004 - surrogates above
                top = 0x9F
        elif lead < 0xF5:  # noqa: PLR2004
            more = 3
            if lead == 0xF0:  # noqa: PLR2004 - overlong below
                low = 0x90
            elif lead == 0xF4:  # noqa: PLR2004 - beyond U+10FFFF above
                top = 0x8F
        else:
            return False
        if at + more >= end or data[at + 1] < low or data[at + 1] > top:
            return False
        for i in range(at + 2, at + more + 1):
            if data[i] & 0xC0 != 0x80:  # noqa: PLR2004 - not a continuation byte
                return False
        at += more + 1
    return True


@compiled
def pack(present: NDArray[np.uint8], rows: int, bits: NDArray[np.uint8], nulls: Ints) -> None:
    """Which values are there as Arrow has it, a bit each, and how many are not."""
    for slot in range(present.shape[0]):
        there = np.int64(0)
        for row in range(rows):
            there += present[slot, row]
        nulls[slot] = rows - there
        if there == rows:
            continue
        for byte in range((rows + 7) // 8):
            held = 0
            for i in range(min(8, rows - 8 * byte)):
                held |= present[slot, 8 * byte + i] << i
            bits[slot, byte] = held


# One body: a call with an array in it costs more than reading the number it reads.
@compiled
def parse(  # noqa: C901, PLR0912, PLR0915, PLR0917
    data: Bytes,
    starts: Ints,
    ends: Ints,
    ops: Ints,
    translation: Ints,
    numbers: NDArray[np.int64],
    offsets: NDArray[np.int32],
    texts: NDArray[np.uint8],
    present: NDArray[np.uint8],
    verdicts: Bytes,
) -> int:
    """How many rows are accepted; fills the outputs, of which `present` has the text slots first, then the numbers."""
    first_number = offsets.shape[0]
    offsets[:, 0] = 0
    kept = 0
    for row in range(starts.size):
        at, end = starts[row], ends[row]
        fault, unresolved = GOOD, GOOD
        op = 0
        while op < ops.shape[0]:
            kind, slot = ops[op, KIND], ops[op, SLOT]
            bits = np.int64(0)
            if kind <= LAST_VARINT:
                shift = 0
                while True:
                    if at >= end:
                        fault = TRUNCATED
                        break
                    byte = np.int64(data[unsigned(at)])
                    at += 1
                    if shift == LAST_SHIFT and byte > 1:
                        fault = INVALID
                        break
                    bits |= (byte & 0x7F) << shift
                    if byte < 0x80:  # noqa: PLR2004 - no continuation bit
                        break
                    shift += 7
                if fault != GOOD:
                    break
                bits = ((bits >> 1) & POSITIVE) ^ -(bits & 1)
                if kind <= BYTES:
                    if bits < 0 or bits > end - at:
                        fault = INVALID if bits < 0 else TRUNCATED
                        break
                    high = 0
                    if slot == SKIPPED:
                        if kind == STRING:
                            for i in range(unsigned(bits)):
                                high |= data[unsigned(at) + i]
                    else:
                        to = np.int64(offsets[slot, kept])
                        for i in range(unsigned(bits)):
                            texts[unsigned(slot), unsigned(to) + i] = data[unsigned(at) + i]
                            high |= data[unsigned(at) + i]
                        offsets[slot, kept + 1] = to + bits
                        present[slot, kept] = 1
                    if high >= 0x80 and not is_utf8(data, at, at + bits):  # noqa: PLR2004 - not ASCII
                        if kind == STRING:
                            fault = BAD_TEXT
                            break
                        if unresolved == GOOD:
                            unresolved = BAD_TEXT
                    at += bits
                    op += 1
                    continue
                if kind == BRANCH:
                    if bits < 0 or bits > 1:
                        fault = INVALID
                        break
                    op += 1
                    if bits == ops[op - 1, ARGUMENT]:
                        slot = ops[op, SLOT]
                        if slot != SKIPPED and ops[op, KIND] <= BYTES:
                            offsets[slot, kept + 1] = offsets[slot, kept]
                            present[slot, kept] = 0
                        elif slot != SKIPPED:
                            numbers[slot, kept] = 0
                            present[first_number + slot, kept] = 0
                        op += 1
                    continue
                if kind != LONG and (bits < INT_MIN or bits > INT_MAX):
                    fault = INVALID
                    break
                if kind == ENUM:
                    if bits < 0 or bits >= ops[op, SIZE]:
                        fault = INVALID
                        break
                    bits = translation[ops[op, ARGUMENT] + bits]
                    if bits == NO_SYMBOL and unresolved == GOOD:
                        unresolved = INVALID
            else:
                size = ops[op, SIZE]
                if size > end - at:
                    fault = TRUNCATED
                    break
                if kind == DOUBLE:
                    for i in range(8):
                        bits |= np.int64(data[unsigned(at) + unsigned(i)]) << (8 * i)
                else:
                    for i in range(size):
                        bits |= np.int64(data[unsigned(at) + unsigned(i)]) << (8 * i)
                    if kind == BOOLEAN and bits > 1:
                        fault = INVALID
                        break
                at += size
            if slot != SKIPPED:
                numbers[slot, kept] = bits
                present[first_number + slot, kept] = 1
            op += 1
        if fault == GOOD and at < end:
            fault = TRAILING
        verdicts[row] = fault if fault != GOOD else unresolved
        if verdicts[row] == GOOD:
            kept += 1
    return kept
