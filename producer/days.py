"""Whole days of card uses, genuine and fraudulent: each a function of the people, the seed and the day's number."""

import numpy as np

from producer.calendar import busy
from producer.compromise import Compromises
from producer.draws import Draw, generator
from producer.population import Population
from producer.scenarios import FRAUD_SHARE, Mix, Scenario, Schedule
from producer.thieves import Thieves
from producer.travel import Travel
from producer.uses import Uses, by_habit


class Days:
    """`per_day` uses on a usual day. Days are asked for in order; where one begins does not change it."""

    def __init__(self, people: Population, seed: int, per_day: int, mix: Mix) -> None:
        self._people = people
        self._seed = seed
        self._per_day = per_day
        self._travel = Travel(people, seed)
        self._compromises = Compromises(people, seed, per_day, mix)
        self._thieves = Thieves(people, seed, per_day, mix)
        disputes = per_day * FRAUD_SHARE * mix.get(Scenario.FRIENDLY_FRAUD, 0.0)
        self._disputes = Schedule(Scenario.FRIENDLY_FRAUD, seed, disputes)

    def uses(self, day: int) -> Uses:
        """In no particular order."""
        count = max(1, round(self._per_day * busy(day)))
        random = generator(self._seed, Draw.USES, day)
        habitual = by_habit(self._people, day, count, self._travel.towns(day), random)
        habitual.terminal[:] = self._compromises.replaced(habitual.terminal, day)
        self._compromises.mark(habitual, day)
        self._dispute(habitual, day)
        return Uses.joined([habitual, self._thieves.on(day)])

    def _dispute(self, uses: Uses, day: int) -> None:
        """Some of what was bought online is disputed by those who bought it."""
        online = self._people.terminals.online[uses.terminal]
        open_to = np.flatnonzero(online & (uses.scenario == Scenario.GENUINE))
        count = min(len(self._disputes.beginning(day)), len(open_to))
        uses.scenario[self._disputes.random(day).choice(open_to, count, replace=False)] = Scenario.FRIENDLY_FRAUD
