"""The made-up terminals of all countries: counters in towns, shops online, and sellers of what is turned into cash."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self

import numpy as np
import pyarrow as pa

from producer.aligned import Flags, Floats, Integers, Shorts
from producer.numbered import numbered

RISKY_CATEGORIES: Final = (4829, 6051, 7995)
CATEGORIES: Final = (5411, 5812, 5541, 5311, 5912, 4111, 5732, 5651, 7832, 3000, 6011)
CATEGORY_WEIGHTS: Final = (0.30, 0.20, 0.10, 0.09, 0.08, 0.08, 0.04, 0.05, 0.03, 0.01, 0.02)
CASH_CATEGORY: Final = 6011
KIND_SHARES: Final = (0.62, 0.33, 0.05)
FEWEST: Final = (12, 6, 3)
TOWN_COUNTERS: Final = 80
RISKY_ONLINE: Final = 0.7
PRICE_SPREAD: Final = 0.3
"""Of the logarithm of how dear a terminal is."""
RISKY_PRICE: Final = 0.5

MINUTE_MS: Final = 60_000
SKEWED_SHARE: Final = 0.004
MOST_SKEW_MS: Final = 10 * MINUTE_MS
HOUR_AHEAD_SHARE: Final = 0.0005


class Kind(IntEnum):
    """A terminal's; also its place in KIND_SHARES and FEWEST."""

    COUNTER = 0
    ONLINE = 1
    RISKY = 2


@dataclass(frozen=True, slots=True)
class Country:
    """`terminals` is the share of all."""

    code: str
    terminals: float
    latitude: float
    longitude: float


COUNTRIES: Final = (
    Country("DE", 0.90, 51.0, 10.3),
    Country("FR", 0.02, 46.6, 2.4),
    Country("NL", 0.02, 52.2, 5.4),
    Country("GB", 0.015, 52.5, -1.4),
    Country("US", 0.015, 39.8, -98.6),
    Country("BR", 0.01, -10.8, -52.9),
    Country("TH", 0.01, 15.1, 101.0),
    Country("NG", 0.01, 9.6, 8.1),
)
HOME: Final = 0
"""Everybody lives in the first country."""


@dataclass(frozen=True, slots=True, eq=False)
class Towns:
    """Neighbouring counters of one country; sorted by country."""

    first: Integers
    size: Integers
    country: Integers
    first_of: Integers
    count_of: Integers

    @classmethod
    def of(cls, counters: Integers, first: Integers) -> Self:
        """`counters` and the number of the `first` of them, by country."""
        count = np.maximum(1, counters // TOWN_COUNTERS)
        ends = [np.arange(1, each + 1) * size // each for each, size in zip(count, counters, strict=True)]
        sizes = [np.diff(end, prepend=0) for end in ends]
        return cls(
            first=np.concatenate([at + end - size for at, end, size in zip(first, ends, sizes, strict=True)]),
            size=np.concatenate(sizes),
            country=np.repeat(np.arange(len(count)), count),
            first_of=np.cumsum(count) - count,
            count_of=count,
        )

    def any_in(self, country: Integers | int, share: Floats) -> Integers:
        """The town at `share` (0 ≤ share < 1) of the way through a country's."""
        found: Integers = self.first_of[country] + (self.count_of[country] * share).astype(np.int64)
        return found

    def counter(self, town: Integers, share: Floats) -> Integers:
        found: Integers = self.first[town] + (self.size[town] * share).astype(np.int64)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Terminals:
    """Sorted by country, then kind; `first` and `size` are by country and kind. `price` is of the logarithm."""

    ids: pa.Array
    country: Shorts
    category: Shorts
    online: Flags
    latitude: Floats
    longitude: Floats
    price: Floats
    skew_ms: Integers
    first: Integers
    size: Integers
    towns: Towns

    @classmethod
    def of(cls, count: int, random: np.random.Generator) -> Self:
        shares = np.outer([each.terminals for each in COUNTRIES], KIND_SHARES)
        size = np.maximum(FEWEST, np.rint(count * shares).astype(np.int64))
        first = (np.cumsum(size) - size.ravel()).reshape(size.shape)
        total = int(size.sum())
        country = np.repeat(np.arange(len(COUNTRIES)), size.sum(axis=1))
        kind = np.repeat(np.tile(np.arange(len(Kind)), len(COUNTRIES)), size.ravel())
        risky = kind == Kind.RISKY
        category = np.where(
            risky,
            random.choice(RISKY_CATEGORIES, total),
            random.choice(CATEGORIES, total, p=CATEGORY_WEIGHTS),
        )
        online = (kind == Kind.ONLINE) | (risky & (random.random(total) < RISKY_ONLINE))
        category[online & (category == CASH_CATEGORY)] = CATEGORIES[0]
        towns = Towns.of(size[:, Kind.COUNTER], first[:, Kind.COUNTER])
        place = _places(country, towns, random)
        return cls(
            ids=numbered("term-", np.arange(total), 9),
            country=country.astype(np.int32),
            category=category.astype(np.int32),
            online=online,
            latitude=place[:, 0],
            longitude=place[:, 1],
            price=random.normal(-(PRICE_SPREAD**2) / 2, PRICE_SPREAD, total) + RISKY_PRICE * risky,
            skew_ms=_skews(random, total),
            first=first,
            size=size,
            towns=towns,
        )

    def pick(self, country: Integers | int, kind: Integers | Kind, share: Floats) -> Integers:
        """The terminal at `share` (0 ≤ share < 1) of the way through a country's of that kind."""
        found: Integers = self.first[country, kind] + (self.size[country, kind] * share).astype(np.int64)
        return found


def _places(country: Integers, towns: Towns, random: np.random.Generator) -> Floats:
    """Counters stand within some kilometres of the middle of their town, the others anywhere in the country."""
    centres = np.array([(each.latitude, each.longitude) for each in COUNTRIES])
    place = centres[country] + random.normal(0.0, 1.2, (len(country), 2))
    middle = centres[towns.country] + random.normal(0.0, 1.2, (len(towns.size), 2))
    at = np.concatenate([np.arange(first, first + size) for first, size in zip(towns.first, towns.size, strict=True)])
    place[at] = np.repeat(middle, towns.size, axis=0) + random.normal(0.0, 0.04, (len(at), 2))
    return np.round(place, 5)


def _skews(random: np.random.Generator, count: int) -> Integers:
    """A few clocks are minutes off, fewer still an hour ahead."""
    chance = random.random(count)
    minutes = np.rint(random.uniform(-MOST_SKEW_MS, MOST_SKEW_MS, count)).astype(np.int64)
    ahead = chance < HOUR_AHEAD_SHARE
    return np.where(ahead, 60 * MINUTE_MS, np.where(chance < HOUR_AHEAD_SHARE + SKEWED_SHARE, minutes, 0))
