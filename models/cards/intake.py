"""What a fold takes from a lot, as numbers: who each row is of, and the optional fields, names and places."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.cards.habits import LATITUDE_MIDDLE, LONGITUDE_BITS, LONGITUDE_MIDDLE, PER_DEGREE, UNKNOWN
from models.cards.layout import NONE, Int32s, Ints
from models.hashing import Hashes, hash_column, wrapping
from schemas.compiled import bare
from schemas.lot.cells import FIRST, Cells, bitmap, doubles, ints, longs, place, there

ID_SHIFT: Final = 15
NAME_SHIFT: Final = 20

CARD_ID, TERMINAL_ID, EVENT_ID = place("card_id"), place("terminal_id"), place("event_id")
PARTITION, DEVICE_ID, COUNTRY = place("partition"), place("device_id"), place("country")
AMOUNT, LATITUDE, LONGITUDE = place("amount_minor"), place("latitude"), place("longitude")
CARDS, TERMINALS, EVENTS, DEVICES, COUNTRIES, HASHED = range(6)


@dataclass(frozen=True, slots=True, eq=False)
class Intake:
    """Name 0 and place UNKNOWN where none is given."""

    cards: Hashes
    terminals: Hashes
    ids: Ints
    """The part of an event's id that is remembered."""
    devices: Ints
    countries: Ints
    places: Ints
    some: bool
    """Whether any of the last three is given."""
    partitions: Int32s
    amounts: Ints
    """As they are written, in whatever currency."""
    last: int
    """The highest partition there is."""


def intake(lot: Cells, rows: int) -> Intake:
    hashes = np.empty((HASHED, rows), np.uint64)
    places, partitions, amounts = np.empty(rows, np.int64), np.empty(rows, np.int32), np.empty(rows, np.int64)
    with wrapping():
        some, last = _take_in(lot, hashes, places, partitions, amounts)
    numbers: Any = hashes.view(np.int64)
    return Intake(
        hashes[CARDS],
        hashes[TERMINALS],
        numbers[EVENTS],
        numbers[DEVICES],
        numbers[COUNTRIES],
        places,
        some,
        partitions,
        amounts,
        last,
    )


@bare
def _take_in(
    lot: Cells, hashes: NDArray[np.uint64], places: Ints, partitions: Int32s, amounts: Ints
) -> tuple[bool, int]:
    hash_column(lot, CARD_ID, hashes[CARDS])
    hash_column(lot, TERMINAL_ID, hashes[TERMINALS])
    hash_column(lot, EVENT_ID, hashes[EVENTS])
    for row in range(places.size):
        hashes[EVENTS, row] >>= np.uint64(ID_SHIFT)
    some = _name(lot, DEVICE_ID, hashes[DEVICES])
    some = _name(lot, COUNTRY, hashes[COUNTRIES]) or some
    some = _locate(lot, places) or some
    of, paid, last = ints(lot, PARTITION), longs(lot, AMOUNT), int(NONE)
    for row in range(places.size):
        partitions[row], amounts[row] = of[row], paid[row]
        last = max(last, int(of[row]))
    return some, last


@bare
def _name(lot: Cells, column: int, names: NDArray[np.uint64]) -> bool:
    hash_column(lot, column, names)
    some = False
    for row in range(names.size):
        if names[row] != 0:
            names[row] = max(names[row] >> np.uint64(NAME_SHIFT), np.uint64(1))
            some = True
    return some


@bare
def _locate(lot: Cells, places: Ints) -> bool:
    latitudes, longitudes = doubles(lot, LATITUDE), doubles(lot, LONGITUDE)
    norths, easts, some = bitmap(lot, LATITUDE), bitmap(lot, LONGITUDE), False
    for row in range(places.size):
        places[row] = UNKNOWN
        if there(norths, lot[LATITUDE, FIRST] + row) and there(easts, lot[LONGITUDE, FIRST] + row):
            north = int(np.rint(latitudes[row] * PER_DEGREE)) + LATITUDE_MIDDLE
            east = int(np.rint(longitudes[row] * PER_DEGREE)) + LONGITUDE_MIDDLE
            places[row] = (north << LONGITUDE_BITS) | east
            some = True
    return some
