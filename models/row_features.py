"""The features that a transaction has by itself, row by row: amount, clock, country, category, channel."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.feature_list import ROW_FEATURES
from models.local_time import DAY_MS, HOUR_MS, NO_TIME, clock, local
from schemas.compiled import bare
from schemas.lot.cells import FIRST, SYMBOLS, Cells, bitmap, ends, ints, letters, place, symbols, there

Matrix = NDArray[np.float64]
Integers = NDArray[np.int64]
Bytes = NDArray[np.uint8]

NIGHT_ENDS: Final = 6
SATURDAY: Final = 5
WEEKDAY_OF_THE_EPOCH: Final = 3
COUNTRY, CATEGORY, CHANNEL = place("country"), place("merchant_category"), place("channel")
CARD_NOT_PRESENT: Final = frozenset(("ONLINE", "PHONE"))
AMOUNT, HOUR, NIGHT, WEEKEND, FOREIGN, RISKY, ONLINE = range(len(ROW_FEATURES))
"""In the order of ROW_FEATURES."""


@dataclass(frozen=True, slots=True)
class Places:
    """What the features must know about the bank: where home is, which hours its nights have, what it calls risky."""

    timezone: str = "UTC"
    home_countries: Collection[str] = ()
    risky_categories: Collection[int] = ()


def fill_row_features(lot: Cells, times: Integers, amounts: Integers, places: Places, matrix: Matrix) -> None:
    """The first columns of the matrix; what the bank says nothing of, or the row, is 0."""
    home, risky = _joined(frozenset(places.home_countries)), _sorted(frozenset(places.risky_categories))
    of, done = clock(places.timezone), 0
    while (done := write(done, lot, times, amounts, of.shifts, *home, risky, *_ABSENT, matrix)) < len(times):
        of.learn(int(times[done]))


@bare
def write(  # noqa: PLR0917
    start: int,
    lot: Cells,
    times: Integers,
    amounts: Integers,
    shifts: Integers,
    home: Bytes,
    home_ends: Integers,
    risky: NDArray[np.int32],
    absent: Bytes,
    absent_ends: Integers,
    matrix: Matrix,
) -> int:
    """The first row whose time is not known on the clocks, else the number of rows."""
    countries, to, located = letters(lot, COUNTRY), ends(lot, COUNTRY), bitmap(lot, COUNTRY)
    categories, sorted_in = ints(lot, CATEGORY), bitmap(lot, CATEGORY)
    words, words_to = letters(lot, SYMBOLS), ends(lot, SYMBOLS)
    channels, came = symbols(lot, CHANNEL), bitmap(lot, CHANNEL)
    for row in range(start, amounts.size):
        time, out = local(shifts, times[row]), matrix[row]
        if time == NO_TIME:
            return row
        day = time // DAY_MS
        hour = (time - day * DAY_MS) // HOUR_MS
        out[AMOUNT], out[HOUR], out[NIGHT] = amounts[row], hour, hour < NIGHT_ENDS
        out[WEEKEND] = (day + WEEKDAY_OF_THE_EPOCH) % 7 >= SATURDAY
        out[FOREIGN] = out[RISKY] = out[ONLINE] = 0.0
        if home_ends.size > 1 and there(located, lot[COUNTRY, FIRST] + row):
            out[FOREIGN] = not among(countries, to[row], to[row + 1], home, home_ends)
        if risky.size and there(sorted_in, lot[CATEGORY, FIRST] + row):
            for one in range(risky.size):
                if categories[row] == risky[one]:
                    out[RISKY] = 1.0
        if there(came, lot[CHANNEL, FIRST] + row):
            symbol = channels[row]
            out[ONLINE] = among(words, words_to[symbol], words_to[symbol + 1], absent, absent_ends)
    return int(amounts.size)


@bare
def among(data: Bytes, begin: int, end: int, words: Bytes, ends_of_words: Integers) -> bool:
    for one in range(ends_of_words.size - 1):
        at, length = ends_of_words[one], end - begin
        if ends_of_words[one + 1] - at == length:
            same = 0
            while same < length and data[begin + same] == words[at + same]:
                same += 1
            if same == length:
                return True
    return False


@lru_cache(maxsize=64)
def _joined(words: frozenset[str]) -> tuple[Bytes, Integers]:
    encoded = [word.encode() for word in sorted(words)]
    last = np.cumsum([0, *map(len, encoded)]).astype(np.int64)
    return np.array(list(b"".join(encoded)), np.uint8), last


@lru_cache(maxsize=64)
def _sorted(values: frozenset[int]) -> NDArray[np.int32]:
    return np.array(sorted(values), np.int32)


_ABSENT: Final = _joined(CARD_NOT_PRESENT)
