"""Fraud as it comes in the simulation: one stolen card used several times within moments for much money.

By day mostly for dear goods, at night mostly for what can be turned into cash.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from producer.population import COUNTRIES, Floats, Integers, Population, pick

LONGEST: Final = 6
SHORTEST: Final = 2
MEAN_LENGTH: Final = (SHORTEST + LONGEST) / 2
WIDEST_GAP: Final = 40
NIGHT_ENDS: Final = 6


class Kind(IntEnum):
    """What the thief does; also the row of AMOUNTS and the place in BY_DAY and AT_NIGHT."""

    DEAR = 0
    ABROAD = 1
    RISKY = 2


# centre and spread of the logarithm of the amount
AMOUNTS: Final = np.array([(np.log(5500.0), 0.5), (np.log(2600.0), 0.6), (np.log(3200.0), 0.6)])
BY_DAY: Final = (0.45, 0.30, 0.25)
AT_NIGHT: Final = (0.2, 0.1, 0.7)


@dataclass(frozen=True, slots=True, eq=False)
class Bursts:
    """Columns over the fraudulent rows of a block; `at` is a row's place in it, and the last of equal places counts."""

    at: Integers
    customer: Integers
    card: Integers
    terminal: Integers
    device: Integers
    amount: Floats

    @classmethod
    def of(cls, people: Population, hours: Integers, share: float, random: np.random.Generator) -> Self:
        size = len(hours)
        count = int(random.poisson(size * share / MEAN_LENGTH))
        start = random.integers(0, size, count)
        places = start[:, None] + np.cumsum(random.integers(1, WIDEST_GAP, (count, LONGEST)), axis=1)
        length = random.integers(SHORTEST, LONGEST + 1, count)
        used = (np.arange(LONGEST) < length[:, None]) & (places < size)
        victim = random.integers(0, len(people), count)
        card = people.first_card[victim] + (people.cards[victim] * random.random(count)).astype(np.int64)
        thief = random.integers(0, len(people), count)
        kind = _kinds(hours[start] < NIGHT_ENDS, random.random(count))
        which = np.nonzero(used)[0]
        terminal = _terminals(people, kind[which], people.home[victim][which], random)
        centre, spread = AMOUNTS[kind[which]].T
        amount = np.exp(random.normal(centre, spread))
        return cls(places[used], victim[which], card[which], terminal, thief[which], amount)


def _kinds(night: NDArray[np.bool_], chance: Floats) -> Integers:
    limits = np.where(night[:, None], np.cumsum(AT_NIGHT), np.cumsum(BY_DAY))
    kinds: Integers = np.minimum((chance[:, None] >= limits).sum(axis=1), int(Kind.RISKY))
    return kinds


def _terminals(people: Population, kind: Integers, home: Integers, random: np.random.Generator) -> Integers:
    places = people.terminals
    abroad = (home + random.integers(1, len(COUNTRIES), len(home))) % len(COUNTRIES)
    country = np.where(kind == Kind.ABROAD, abroad, home)
    risky = kind == Kind.RISKY
    share = random.random(len(home))
    return np.where(
        risky,
        pick(places.first, places.ordinary, country, share),
        pick(places.ordinary, places.end, country, share),
    )
