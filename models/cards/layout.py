"""Where everything lies in the arrays of a card book, and the numbers that the kernels share.

    table    which slot a card is in, found by the low bits of its key; a power of two of places
    cards    per slot: the card's key, the time of its newest folded event
    rings    per slot: partition, number of entries, position of the first, first node of its hours, and the median last
             found, as far as there is room for it: a first guess only
    sides    per slot: the devices, countries and places that `models.cards.habits` remembers
    entries  time and amount of an event, each with a part of its id below it; in order of time, eight to a block,
             which has first the times and then the amounts
    links    per block: the next one of the same card, or of the free ones
    hours    hour, count, sum and next node, for what no longer fits into a ring
    clocks   per partition: how far its time has come for certain

Times and amounts are kept less their midpoint, so that no shift reaches the sign.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from schemas.lanes import LANES

Ints = NDArray[np.int64]
Int32s = NDArray[np.int32]
Bytes = NDArray[np.int8]

M10, H1, D1, D7, D30 = 600_000, 3_600_000, 86_400_000, 604_800_000, 2_592_000_000
WINDOWS: Final = (M10, H1, D1, D7, D30)
D14: Final = 14 * D1

KEY, NEWEST = range(2)
PARTITION, COUNT, FIRST, HOURS, GUESS = range(5)
CARD_WORDS, RING_WORDS, SIDE_WORDS = 2, 5, 16
HIGHEST_GUESS: Final = 2**31 - 1
HOUR, HOUR_COUNT, HOUR_SUM, HOUR_NEXT = range(4)
CLOCK, LOWEST, RUN = range(3)

USED_CARDS, CURSOR, USED_BLOCKS, FREE_BLOCK, USED_HOURS, FREE_HOUR = range(6)
"""Of the six numbers that say how far the arrays are filled; a free list is empty at NONE."""

BLOCK: Final = LANES
"""Entries: as many as are taken apart at once."""
BLOCK_SHIFT: Final = BLOCK.bit_length() - 1
NONE: Final = -1
NEVER: Final = -(2**60)
ALWAYS: Final = 2**60

TIME_SHIFT: Final = 22
TIME_MIDDLE: Final = 2**41
AMOUNT_SHIFT: Final = 27
AMOUNT_MIDDLE: Final = 2**36
ID_BITS: Final = TIME_SHIFT + AMOUNT_SHIFT
LOW_ID: Final = 2**AMOUNT_SHIFT - 1
HIGH_ID: Final = 2**TIME_SHIFT - 1

CALM: Final = 64
"""So many events of a partition in a row have passed a time before its clock does: a few wrong ones cannot move it."""

AT, PREVIOUS, HIGHEST, MEDIAN_TWICE, OUTLIERS, COUNTS, TOTALS = 0, 1, 2, 3, 4, 5, 10
NEW_DEVICE, NEW_COUNTRY, PLACE_TIME, PLACE = 15, 16, 17, 18
FOUND_COLUMNS: Final = 19
FRESH, FOLDED = 1, 2
FUTURE_MS, KEPT_MS, IDLE_MS, CAP = range(4)
"""Of the terms as the kernels get them."""
