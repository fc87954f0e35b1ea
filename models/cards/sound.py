"""Whether arrays are such as a card book makes: what is found sound here can be put into a book and folded on.

A book's kernels check no index and end no loop early, so that arrays from outside must have been looked at before.
Equal arrays are not proven equal histories by this; that is for whoever seals them.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.cards.extract import Arrays
from models.cards.habits import LATITUDE_MIDDLE, LONGITUDE_BITS, LONGITUDE_MIDDLE, PLACES
from models.cards.layout import ALWAYS, CALM, CLOCK, H1, LOWEST, NEVER, RUN, SIDE_WORDS, TIME_MIDDLE, TIME_SHIFT, Ints
from models.cards.terms import Terms
from schemas.compiled import compiled

STATE_VERSION: Final = 1
"""Of the arrays and of how a log is folded into them: whatever makes other arrays of the same log is a new version."""

WIDTHS: Final = {
    "keys": 0,
    "newest": 0,
    "counts": 0,
    "entries": 2,
    "lengths": 0,
    "hours": 3,
    "sides": SIDE_WORDS,
    "clock": 0,
}
"""Every array by name, and its columns where it has some; all of them hold int64."""

PER_CARD: Final = ("keys", "newest", "counts", "lengths", "sides")
CLOCK_WORDS: Final = 3
MOST_CARDS: Final = 2**31 - 1
LATEST: Final = 2 * TIME_MIDDLE
FINE, UNSORTED, OTHER_NEWEST, TOO_OLD, HOURS_UNSORTED, HOURS_BEYOND, HOURS_EMPTY = range(7)
FAULTS: Final = (
    "",
    "a card's entries are not in order of time",
    "a card's newest time is not that of its last entry",
    "a card has entries older than are remembered",
    "a card's hours are not in order",
    "a card has hours outside of what is remembered",
    "a card has an hour in which nothing was counted",
)


def unsound(arrays: Arrays, terms: Terms) -> str:
    """What is wrong with them, in words; empty where nothing is."""
    return _shapes(arrays) or _cards(arrays, terms) or _clock(arrays["clock"]) or _pasts(arrays, terms)


def _shapes(arrays: Arrays) -> str:
    if arrays.keys() != WIDTHS.keys():
        return f"the arrays are {', '.join(arrays)}"
    cards = len(arrays["keys"])
    for name, width in WIDTHS.items():
        array = arrays[name]
        if array.dtype != np.int64 or array.shape[1:] != ((width,) if width else ()):
            return f"{name} holds {array.dtype} in the shape {array.shape}"
        if name in PER_CARD and len(array) != cards:
            return f"{name} has {len(array)} rows for {cards} cards"
    return "" if cards <= MOST_CARDS else f"{cards} cards are more than a book can hold"


def _cards(arrays: Arrays, terms: Terms) -> str:
    keys, counts, lengths = arrays["keys"].view(np.uint64), arrays["counts"], arrays["lengths"]
    if (keys[1:] <= keys[:-1]).any():
        return "the cards are not sorted, or one is there twice"
    if (arrays["newest"] < 0).any() or (arrays["newest"] >= LATEST).any():
        return "a card's newest time is none"
    if (counts < 1).any() or (counts > terms.entries).any():
        return f"a card has none or more than {terms.entries} entries"
    if (lengths < 0).any() or (lengths > terms.kept_ms // H1 + 1).any():
        return "a card has more hours than are remembered"
    for name, numbers in (("entries", counts), ("hours", lengths)):
        if numbers.sum() != len(arrays[name]):
            return f"the cards have {numbers.sum()} {name}, and {len(arrays[name])} are there"
    return _places(arrays["sides"])


def _places(sides: Ints) -> str:
    for at in (PLACES, PLACES + 2):
        times, north, east = (
            sides[:, at],
            sides[:, at + 1] >> LONGITUDE_BITS,
            sides[:, at + 1] & (2**LONGITUDE_BITS - 1),
        )
        wrong = (times < 0) | (times >= LATEST) | (north < 0) | (north > 2 * LATITUDE_MIDDLE)
        if (wrong | (east > 2 * LONGITUDE_MIDDLE)).any():
            return "a card was at a place that is not on the globe"
    return ""


def _clock(clock: NDArray[Any]) -> str:
    if len(clock) != CLOCK_WORDS:
        return f"the clock has {len(clock)} numbers"
    told = clock[CLOCK] == NEVER or 0 <= clock[CLOCK] < LATEST
    lowest = clock[LOWEST] == ALWAYS if clock[RUN] == 0 else 0 <= clock[LOWEST] < LATEST
    return "" if told and lowest and 0 <= clock[RUN] < CALM else "the clock says what no clock can"


def _pasts(arrays: Arrays, terms: Terms) -> str:
    newest, counts, lengths = arrays["newest"], arrays["counts"], arrays["lengths"]
    return FAULTS[pasts(newest, counts, arrays["entries"], lengths, arrays["hours"], terms.kept_ms)]


@compiled
def pasts(  # noqa: PLR0911, PLR0917 - one body, as all that lies below a fold
    newest: Ints, counts: Ints, entries: Ints, lengths: Ints, hours: Ints, kept_ms: int
) -> int:
    """The first fault there is. What the cards have must be as much as is there."""
    entry, hour = 0, 0
    for card in range(newest.size):
        before = (entries[entry, 0] >> TIME_SHIFT) + TIME_MIDDLE
        if before <= newest[card] - kept_ms:
            return TOO_OLD
        for _ in range(counts[card]):
            then = (entries[entry, 0] >> TIME_SHIFT) + TIME_MIDDLE
            if then < before:
                return UNSORTED
            before = then
            entry += 1
        if before != newest[card]:
            return OTHER_NEWEST
        after = newest[card] // H1 + 1
        for _ in range(lengths[card]):
            if hours[hour, 0] >= after:
                return HOURS_UNSORTED
            after = hours[hour, 0]
            if after < 0 or after * H1 <= newest[card] - kept_ms:
                return HOURS_BEYOND
            if hours[hour, 1] < 1 or hours[hour, 2] < 0:
                return HOURS_EMPTY
            hour += 1
    return FINE
