"""Terminals in the hands of thieves: for weeks every use of one is fraud, though it looks as ever."""

from typing import Final

import numpy as np

from producer.aligned import Flags, Floats, Integers, Shorts
from producer.calendar import DAY_MS
from producer.draws import Draw, generator
from producer.population import Population
from producer.scenarios import FRAUD_SHARE, Mix, Scenario, Schedule
from producer.terminals import HOME, Kind
from producer.uses import FAVOURITE, Uses

DAYS: Final = (20, 37)
CLOSED_DAYS: Final = 45
"""Then the misuse is found out, and the terminal is replaced for longer than its past is remembered."""
NEVER: Final = 2**62
USUAL_TRAFFIC: Final = (0.6, 1.6)
"""Only terminals whose traffic is so many times the middle one's, so that none makes up much of the fraud."""


class Compromises:
    """Takes the terminals in an order of the seed's, none again before all others. Days are asked for in order."""

    def __init__(self, people: Population, seed: int, per_day: int, mix: Mix) -> None:
        self._terminals, traffic = _eligible(people, seed, per_day)
        uses = float(traffic.mean()) * sum(DAYS) / 2
        frauds = per_day * FRAUD_SHARE * mix.get(Scenario.COMPROMISED_TERMINAL, 0.0)
        self._schedule = Schedule(Scenario.COMPROMISED_TERMINAL, seed, frauds / uses)
        self._begin = np.full(len(people.terminals.country), NEVER)
        self._end = np.full(len(people.terminals.country), -NEVER)
        self._next = _neighbours(people)
        self._noted: int | None = None

    def replaced(self, terminal: Shorts, day: int) -> Shorts:
        """Where customers go instead of to terminals that are out of service, as they are after they were misused."""
        self._note_until(day)
        closed = (self._end <= day * DAY_MS) & (self._end > (day - CLOSED_DAYS) * DAY_MS)
        return np.where(closed[terminal], self._next[terminal], terminal)

    def mark(self, uses: Uses, day: int) -> None:
        self._note_until(day)
        seen = np.flatnonzero(self._end[uses.terminal] > uses.time)
        taken = seen[self._begin[uses.terminal[seen]] <= uses.time[seen]]
        uses.scenario[taken] = Scenario.COMPROMISED_TERMINAL

    def _note_until(self, day: int) -> None:
        begun = day - DAYS[1] - CLOSED_DAYS if self._noted is None else self._noted + 1
        for each in range(begun, day + 1):
            self._note(each)
        self._noted = day

    def _note(self, day: int) -> None:
        random = self._schedule.random(day)
        numbers = self._schedule.beginning(day)
        at = self._terminals[numbers % len(self._terminals)]
        begin = day * DAY_MS + random.integers(0, DAY_MS, len(numbers))
        self._begin[at] = begin
        self._end[at] = (begin // DAY_MS + random.integers(*DAYS, len(numbers), endpoint=True)) * DAY_MS


def _neighbours(people: Population) -> Shorts:
    """The next counter of the same town, around."""
    found = np.arange(len(people.terminals.country), dtype=np.int32)
    towns = people.terminals.towns
    last = towns.first + towns.size - 1
    found[:-1] += 1
    found[last] = towns.first
    return found


def _eligible(people: Population, seed: int, per_day: int) -> tuple[Integers, Floats]:
    """Counters at home with usual traffic, shuffled, and their uses per day."""
    counters = people.terminals.first[HOME, Kind.COUNTER] + np.arange(people.terminals.size[HOME, Kind.COUNTER])
    traffic = _traffic(people)[counters] * per_day
    middle = np.median(traffic[traffic > 0])
    usual: Flags = (traffic >= middle * USUAL_TRAFFIC[0]) & (traffic <= middle * USUAL_TRAFFIC[1])
    order = generator(seed, Draw.ORDER).permutation(np.flatnonzero(usual))
    return counters[order], traffic[order]


def _traffic(people: Population) -> Floats:
    """The share of all uses that habit leads to each terminal, about."""
    slots = people.habits.shape[1]
    weight = np.diff(np.linspace(0.0, 1.0, slots + 1) ** (1 / FAVOURITE))
    share = people.activity / people.activity.sum() * (1.0 - people.online)
    found: Floats = np.bincount(
        people.habits.ravel(), (share[:, None] * weight).ravel(), minlength=len(people.terminals.country)
    ).astype(np.float64)
    return found
