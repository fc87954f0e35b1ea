"""Who is away from home on which day, and where: a function of the seed and the day alone."""

from functools import lru_cache
from typing import Final

import numpy as np

from producer.aligned import Integers
from producer.draws import Draw, generator
from producer.population import Population
from producer.terminals import COUNTRIES

TRIPS_PER_DAY: Final = 0.004
"""Per customer; of these the share ABROAD leads out of the country."""
ABROAD: Final = 0.6
SHORTEST: Final = 2
LONGEST: Final = 14
NOWHERE: Final = -1
MONTHS: Final = (0.7, 0.8, 0.8, 1.0, 1.2, 1.3, 1.6, 1.6, 1.1, 0.9, 0.6, 0.9)


class Travel:
    """Trips begin at midnight; who sets out again while away changes course."""

    def __init__(self, people: Population, seed: int) -> None:
        self._people = people
        self._seed = seed
        self._setting_out = lru_cache(LONGEST + 1)(self._drawn)

    def towns(self, day: int) -> Integers:
        """The town that each customer visits, NOWHERE for those at home."""
        found = np.full(len(self._people), NOWHERE)
        for begun in range(day - LONGEST + 1, day + 1):
            who, where, last = self._setting_out(begun)
            away = last >= day
            found[who[away]] = where[away]
        return found

    def _drawn(self, day: int) -> tuple[Integers, Integers, Integers]:
        random = generator(self._seed, Draw.TRAVEL, day)
        season = MONTHS[int(day % 365.25 / 365.25 * len(MONTHS))]
        count = random.poisson(len(self._people) * TRIPS_PER_DAY * season)
        who = random.integers(0, len(self._people), count)
        country = np.where(random.random(count) < ABROAD, random.integers(1, len(COUNTRIES), count), 0)
        where = self._people.terminals.towns.any_in(country, random.random(count))
        return who, where, day + random.integers(SHORTEST, LONGEST, count)
