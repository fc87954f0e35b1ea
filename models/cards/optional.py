"""The optional fields of a lot as numbers: names of devices and countries, places on the globe."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from models.cards.distance import Floats, kilometres
from models.cards.habits import (
    LATITUDE_MIDDLE,
    LONGITUDE_BITS,
    LONGITUDE_MIDDLE,
    UNKNOWN,
)
from models.cards.layout import Ints
from models.hashing import hash_strings
from schemas.lot.buffers import flags, numbers

NAME_SHIFT: Final = 20
PER_DEGREE: Final = 1e5


@dataclass(frozen=True, slots=True, eq=False)
class Optionals:
    """Name 0 and place UNKNOWN where none is given."""

    devices: Ints
    countries: Ints
    places: Ints

    @property
    def some(self) -> bool:
        return bool(self.devices.any() or self.countries.any() or (self.places != UNKNOWN).any())


def optionals(rows: pa.RecordBatch) -> Optionals:
    return Optionals(_names(rows["device_id"]), _names(rows["country"]), _places(rows["latitude"], rows["longitude"]))


def _names(column: pa.Array) -> Ints:
    if column.null_count == len(column):
        return np.zeros(len(column), np.int64)
    hashes = hash_strings(column)
    names: Ints = np.maximum(hashes >> NAME_SHIFT, hashes != 0).astype(np.int64)
    return names


def _places(latitude: pa.Array, longitude: pa.Array) -> Ints:
    places = np.full(len(latitude), UNKNOWN, np.int64)
    given = flags(latitude) & flags(longitude)
    if given.any():
        north = np.rint(numbers(latitude)[given] * PER_DEGREE).astype(np.int64) + LATITUDE_MIDDLE
        east = np.rint(numbers(longitude)[given] * PER_DEGREE).astype(np.int64) + LONGITUDE_MIDDLE
        places[given] = (north << LONGITUDE_BITS) | east
    return places


def far(place: Ints, other: Ints) -> Floats:
    """Kilometres between two places that are known."""
    return kilometres(*_degrees(place), *_degrees(other))


def _degrees(place: Ints) -> tuple[Floats, Floats]:
    north, east = place >> LONGITUDE_BITS, place & (2**LONGITUDE_BITS - 1)
    return (north - LATITUDE_MIDDLE) / PER_DEGREE, (east - LONGITUDE_MIDDLE) / PER_DEGREE
