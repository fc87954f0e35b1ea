"""The features that a transaction has by itself, row by row: amount, clock, country, category, channel."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.feature_list import ROW_FEATURES
from models.local_time import local_hours_and_days
from schemas.compiled import compiled
from schemas.lot.buffers import flags, numbers, texts

Matrix = NDArray[np.float64]
Integers = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Flags = NDArray[np.bool_]

NIGHT_ENDS: Final = 6
SATURDAY: Final = 5
WEEKDAY_OF_THE_EPOCH: Final = 3
CARD_NOT_PRESENT: Final = frozenset(("ONLINE", "PHONE"))
AMOUNT, HOUR, NIGHT, WEEKEND, FOREIGN, RISKY, ONLINE = range(len(ROW_FEATURES))
"""In the order of ROW_FEATURES."""


@dataclass(frozen=True, slots=True)
class Places:
    """What the features must know about the bank: where home is, which hours its nights have, what it calls risky."""

    timezone: str = "UTC"
    home_countries: Collection[str] = ()
    risky_categories: Collection[int] = ()


def fill_row_features(rows: pa.RecordBatch, times: Integers, amounts: Integers, places: Places, matrix: Matrix) -> None:
    """The first columns of the matrix; what the bank says nothing of, or the row, is 0."""
    hours, days = local_hours_and_days(times, places.timezone)
    write_clocks(amounts, hours, days, matrix)
    country, category, channel = rows["country"], rows["merchant_category"], rows["channel"]
    if places.home_countries and country.null_count < len(country):
        text, (home, ends) = texts(country), _joined(frozenset(places.home_countries))
        write_foreign(flags(country), text.data, text.offsets, home, ends, matrix)
    if places.risky_categories and category.null_count < len(category):
        write_risky(flags(category), numbers(category), _sorted(frozenset(places.risky_categories)), matrix)
    if channel.null_count < len(channel):
        online = np.array([symbol in CARD_NOT_PRESENT for symbol in channel.dictionary.to_pylist()], np.bool_)
        write_online(flags(channel), numbers(channel.indices), online, matrix)


@compiled
def write_clocks(amounts: Integers, hours: Integers, days: Integers, matrix: Matrix) -> None:
    for row in range(amounts.size):
        out = matrix[row]
        out[AMOUNT], out[HOUR], out[NIGHT] = amounts[row], hours[row], hours[row] < NIGHT_ENDS
        out[WEEKEND] = (days[row] + WEEKDAY_OF_THE_EPOCH) % 7 >= SATURDAY
        out[FOREIGN] = out[RISKY] = out[ONLINE] = 0.0


@compiled
def write_foreign(  # noqa: PLR0917
    given: Flags, data: Bytes, offsets: Integers, home: Bytes, ends: Integers, matrix: Matrix
) -> None:
    for row in range(given.size):
        begin, length = offsets[row], offsets[row + 1] - offsets[row]
        found = not given[row]
        for one in range(ends.size - 1):
            if found or ends[one + 1] - ends[one] != length:
                continue
            same = 0
            while same < length and data[begin + same] == home[ends[one] + same]:
                same += 1
            found = same == length
        matrix[row, FOREIGN] = not found


@compiled
def write_risky(given: Flags, categories: NDArray[np.int32], risky: NDArray[np.int32], matrix: Matrix) -> None:
    for row in range(given.size):
        found = False
        for one in range(risky.size):
            found = found or categories[row] == risky[one]
        matrix[row, RISKY] = found and given[row]


@compiled
def write_online(given: Flags, symbols: NDArray[Any], online: Flags, matrix: Matrix) -> None:
    for row in range(given.size):
        matrix[row, ONLINE] = given[row] and online[symbols[row]]


@lru_cache(maxsize=64)
def _joined(words: frozenset[str]) -> tuple[Bytes, Integers]:
    encoded = [word.encode() for word in sorted(words)]
    ends = np.cumsum([0, *map(len, encoded)]).astype(np.int64)
    return np.frombuffer(b"".join(encoded), np.uint8), ends


@lru_cache(maxsize=64)
def _sorted(values: frozenset[int]) -> NDArray[np.int32]:
    return np.array(sorted(values), np.int32)
