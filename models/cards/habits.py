"""What else a card remembers, in the order of the log: three devices, three countries, two places.

    device, country   known as of a time t: first seen before t, and last seen less than 30 days before t or after it.
                      A pause of 30 days or more ends what was known. There is room for three: a fourth takes the
                      place of the one last seen longest ago (then first seen longest ago, then of the
                      smallest hash), unless it is older.
    place             where the card was at the two latest different times; of one time, the last in the log.

Only folded events are remembered. An event is compared with what was known before its own time, so a copy of an event
is not compared with itself. What came while others were known stays new for a day: thieves use a card more than once.
Where there is nothing to compare with, the answer is unknown, never "new".
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.cards.distance import measure
from models.cards.layout import (
    ALWAYS,
    AT,
    D30,
    FOLDED,
    FRESH,
    NEVER,
    NEW_COUNTRY,
    NEW_DEVICE,
    NONE,
    PLACE,
    PLACE_TIME,
    SIDE_WORDS,
    TIME_MIDDLE,
    TIME_SHIFT,
    Bytes,
    Int32s,
    Ints,
)
from schemas.compiled import bare, inlined
from schemas.prefetch import prefetch

REMEMBERED: Final = 3
DEVICES: Final = 0
COUNTRIES: Final = 2 * REMEMBERED
PLACES: Final = 4 * REMEMBERED
NEW_FOR: Final = 86_400_000
LOW_NAME: Final = 2**TIME_SHIFT - 1
"""A name is 44 bits of a hash, never 0: half of it stands below its first time, half below its last."""

LONGITUDE_BITS: Final = 26
LATITUDE_MIDDLE: Final = 9_000_000
LONGITUDE_MIDDLE: Final = 18_000_000
"""Places are in units of 1e-5 degrees, so many of them a degree."""

PER_DEGREE: Final = 1e5
UNKNOWN: Final = NONE
AHEAD: Final = 8
LINE: Final = 8
"""So many rows ahead what is remembered is fetched; words that are fetched at once."""


@inlined
def is_new(sides: Ints, slot: int, base: int, name: int, time: int) -> int:
    """1 or 0; UNKNOWN where no name is given or none is known."""
    earliest, begun = ALWAYS, NEVER
    for at in range(base, base + 2 * REMEMBERED, 2):
        first, last = sides[slot, at], sides[slot, at + 1]
        known = ((first & LOW_NAME) << TIME_SHIFT) | (last & LOW_NAME)
        first = (first >> TIME_SHIFT) + TIME_MIDDLE
        if name == 0 or known == 0 or first >= time or (last >> TIME_SHIFT) + TIME_MIDDLE <= time - D30:
            continue
        earliest = min(earliest, first)
        if known == name:
            begun = first
    if earliest == ALWAYS:
        return UNKNOWN
    return int(begun == NEVER or (begun > time - NEW_FOR and earliest < begun))


@inlined
def remember(sides: Ints, slot: int, base: int, name: int, time: int) -> None:
    stale, oldest, begun, least = base, ALWAYS, ALWAYS, ALWAYS
    for at in range(base, base + 2 * REMEMBERED, 2):
        first = (sides[slot, at] >> TIME_SHIFT) + TIME_MIDDLE
        last = (sides[slot, at + 1] >> TIME_SHIFT) + TIME_MIDDLE
        known = ((sides[slot, at] & LOW_NAME) << TIME_SHIFT) | (sides[slot, at + 1] & LOW_NAME)
        if known == name:
            first = time if time - last >= D30 else min(first, time)
            last = max(last, time)
            sides[slot, at] = ((first - TIME_MIDDLE) << TIME_SHIFT) | (name >> TIME_SHIFT)
            sides[slot, at + 1] = ((last - TIME_MIDDLE) << TIME_SHIFT) | (name & LOW_NAME)
            return
        last = last if known else NEVER
        # never the first of equal slots: which slot a name is in depends on what a card that was gone has left
        if last < oldest or (last == oldest and (first < begun or (first == begun and known < least))):
            stale, oldest, begun, least = at, last, first, known
    if oldest <= time:
        sides[slot, stale] = ((time - TIME_MIDDLE) << TIME_SHIFT) | (name >> TIME_SHIFT)
        sides[slot, stale + 1] = ((time - TIME_MIDDLE) << TIME_SHIFT) | (name & LOW_NAME)


@inlined
def be_at(sides: Ints, slot: int, place: int, time: int) -> None:
    newest, before = PLACES, PLACES + 2
    if time > sides[slot, newest]:
        sides[slot, before], sides[slot, before + 1] = sides[slot, newest], sides[slot, newest + 1]
        sides[slot, newest], sides[slot, newest + 1] = time, place
    elif time == sides[slot, newest]:
        sides[slot, newest + 1] = place
    elif time >= sides[slot, before]:
        sides[slot, before], sides[slot, before + 1] = time, place


@inlined
def apart(place: int, other: int) -> float:
    """Kilometres between two places that are known."""
    north, east = place >> LONGITUDE_BITS, place & (2**LONGITUDE_BITS - 1)
    other_north, other_east = other >> LONGITUDE_BITS, other & (2**LONGITUDE_BITS - 1)
    return measure(
        (north - LATITUDE_MIDDLE) / PER_DEGREE,
        (east - LONGITUDE_MIDDLE) / PER_DEGREE,
        (other_north - LATITUDE_MIDDLE) / PER_DEGREE,
        (other_east - LONGITUDE_MIDDLE) / PER_DEGREE,
    )


@bare
def observe(  # noqa: C901, PLR0917
    sides: Ints,
    slots: Int32s,
    found: Ints,
    deeds: Bytes,
    devices: Ints,
    countries: Ints,
    places: Ints,
    kilometres: NDArray[np.float64],
) -> None:
    """Name 0 and place UNKNOWN where none is given."""
    for row in range(slots.size):
        if row + AHEAD < slots.size:
            for word in range(0, SIDE_WORDS, LINE):
                prefetch(sides, slots[row + AHEAD] * SIDE_WORDS + word)
            prefetch(sides, slots[row + AHEAD] * SIDE_WORDS + SIDE_WORDS - 1)
        slot, time = slots[row], found[row, AT]
        if deeds[row] & FRESH:
            sides[slot, :] = 0
        found[row, NEW_DEVICE] = is_new(sides, slot, DEVICES, devices[row], time)
        found[row, NEW_COUNTRY] = is_new(sides, slot, COUNTRIES, countries[row], time)
        found[row, PLACE_TIME] = UNKNOWN
        for at in (PLACES + 2, PLACES):
            if places[row] != UNKNOWN and time - D30 < sides[slot, at] < time:
                found[row, PLACE_TIME], found[row, PLACE] = sides[slot, at], sides[slot, at + 1]
        if deeds[row] & FOLDED:
            if devices[row] != 0:
                remember(sides, slot, DEVICES, devices[row], time)
            if countries[row] != 0:
                remember(sides, slot, COUNTRIES, countries[row], time)
            if places[row] != UNKNOWN:
                be_at(sides, slot, places[row], time)
    for row in range(slots.size):  # by itself, so that several rows are measured at once
        kilometres[row] = apart(places[row], found[row, PLACE]) if found[row, PLACE_TIME] != UNKNOWN else np.nan
