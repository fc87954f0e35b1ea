"""Where things stand in the arena of the accounts, and in the changes that are carried out there.

There is one arena, since numba counts references to every array whenever a function is called with it. A block has two
to the power of its level words.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

NEVER: Final = -(1 << 62)
FOREVER: Final = 1 << 62
NOWHERE: Final = 0
"""No block starts at the arena's first word."""

USED, WANTED = 48, 49
"""After the first free block of each level: words in use, words that were wanted and not there."""
STEP, HORIZON, GAP, WINDOWS = 50, 51, 52, 53
"""The length of a step in ms; then steps: the horizon, the gap between episodes, three windows, the shortest first."""
HEADER: Final = 64

START, SIZE = 0, 1
"""Of a list: where its block starts; its rows, above LEVEL_BITS bits for the level of its block, 0 for none."""
LEVEL_BITS: Final = 6
ONE_ROW: Final = 1 << LEVEL_BITS
LEVEL_MASK: Final = ONE_ROW - 1

GENUINE, FRAUDS, WITHDRAWN = 0, 2, 4
"""The lists of an account."""
EPISODE, FIRST, LAST, NEXT_EPISODE = 6, 7, 8, 14
"""Of a terminal's account: a step, FOREVER for none, the earliest and latest event time of its episode as of then, and
the step until which it is the same.
"""
CARD_GUESSES, TERMINAL_GUESSES, FRAUD_GUESS = 6, 9, 13
"""How many genuine rows came before each of the bounds that were last asked for: first guesses only. Of a card: the
end, the horizon. Of a terminal: the end, the windows, the shortest first; and the end of its frauds.
"""
CARD_LEVEL, TERMINAL_LEVEL = 3, 4

OF_CARD, OF_TERMINAL = 5, 2
"""Words of a genuine row: step, then running totals up to this row of the count and, for cards, of the amount and both
limbs of its square.
"""
OF_FRAUD: Final = 2
"""Step, event time."""
OF_WITHDRAWN, END, IS_FRAUD, HAPPENED = 8, 5, 6, 7
"""Like a genuine row of a card with this verdict alone, then the step from which it is no longer in force, the verdict
and the event time.
"""

CHANGE: Final = 7
SIGN, SINCE, UNTIL, TERMINAL, CARD, TIME, AMOUNT = range(CHANGE)
"""Of a change: 1 to put a verdict in, -1 to take it out; in force from one step until another; twice the terminal's
number plus one for fraud; the card's number, -1 for a card of others.
"""


def longer(array: NDArray[Any], rows: int) -> NDArray[Any]:
    """The array itself if it has that many rows, else a larger one that starts with it and ends with zeros."""
    if rows <= len(array):
        return array
    larger = np.zeros((max(rows, 2 * len(array)), *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger
