"""The optional fields of a lot as numbers: names of devices and countries, places on the globe."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.cards.distance import Floats, kilometres
from models.cards.habits import (
    LATITUDE_MIDDLE,
    LONGITUDE_BITS,
    LONGITUDE_MIDDLE,
    UNKNOWN,
)
from models.cards.layout import Ints
from models.hashing import hash_strings
from schemas.compiled import compiled
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
    if max(latitude.null_count, longitude.null_count) < len(latitude):
        locate(flags(latitude) & flags(longitude), numbers(latitude), numbers(longitude), places)
    return places


@compiled
def locate(given: NDArray[np.bool_], latitudes: Floats, longitudes: Floats, places: Ints) -> None:
    for row in range(given.size):
        if given[row]:
            north = int(np.rint(latitudes[row] * PER_DEGREE)) + LATITUDE_MIDDLE
            east = int(np.rint(longitudes[row] * PER_DEGREE)) + LONGITUDE_MIDDLE
            places[row] = (north << LONGITUDE_BITS) | east


def far(place: Ints, other: Ints) -> Floats:
    """Kilometres between two places that are known."""
    return kilometres(*_degrees(place), *_degrees(other))


def _degrees(place: Ints) -> tuple[Floats, Floats]:
    north, east = place >> LONGITUDE_BITS, place & (2**LONGITUDE_BITS - 1)
    return (north - LATITUDE_MIDDLE) / PER_DEGREE, (east - LONGITUDE_MIDDLE) / PER_DEGREE
