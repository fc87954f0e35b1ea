"""Uses by others than the owner: card testing, stolen cards, account takeover.

Whatever a thief does is drawn on the day it begins, from the seed and that day alone.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np

from producer.aligned import Flags, Floats, Integers
from producer.calendar import DAY_MS, HOUR_MS
from producer.population import Population
from producer.scenarios import FRAUD_SHARE, Mix, Scenario, Schedule
from producer.terminals import COUNTRIES, HOME, MINUTE_MS, Kind
from producer.uses import DEVICES, Uses, minor

REACH_DAYS: Final = 4
"""No later than so many days after it begins an episode is over."""
THIEVES_DEVICES: Final = 9_000_000

TESTS: Final = (5, 15)
TEST_AMOUNTS: Final = (0.5, 6.0)
MOST_BETWEEN_TESTS_MS: Final = 2 * MINUTE_MS
TESTED_SHOPS: Final = 0.05
"""Testers go to the first shops of a country: those that refuse little."""

THEFTS: Final = (4, 12)
THEFT_FACTORS: Final = (3.0, 8.0)
THEFT_HOURS: Final = 60
THEFT_ABROAD: Final = 0.25
THEFT_KINDS: Final = (0.35, 0.2, 0.45)

TAKEOVERS: Final = (3, 7)
TAKEOVER_FACTORS: Final = (1.0, 3.0)
TAKEOVER_HOURS: Final = 20
TAKEOVER_KINDS: Final = (0.0, 0.55, 0.45)

HURRY: Final = 3
"""The larger, the more of an episode happens in its first hours."""

Spent = tuple[Integers, Integers, Floats]
"""Milliseconds since the episode began, terminal and amount."""
Acts = Callable[[np.random.Generator, Integers, Integers], Spent]
"""From how many uses each episode has, and its victim, to one entry per use."""


class Thieves:
    """`on(day)` gives their uses of that day."""

    def __init__(self, people: Population, seed: int, per_day: int, mix: Mix) -> None:
        self._people = people
        frauds = per_day * FRAUD_SHARE
        self._gangs: list[tuple[Schedule, tuple[int, int], Acts]] = [
            (Schedule(scenario, seed, frauds * mix.get(scenario, 0.0) * 2 / sum(times)), times, acts)
            for scenario, times, acts in (
                (Scenario.CARD_TESTING, TESTS, self._test),
                (Scenario.STOLEN_CARD, THEFTS, self._spend),
                (Scenario.ACCOUNT_TAKEOVER, TAKEOVERS, self._take_over),
            )
        ]
        self._begun = lru_cache(REACH_DAYS + 1)(self._drawn)

    def on(self, day: int) -> Uses:
        uses = Uses.joined(self._begun(begun) for begun in range(day - REACH_DAYS, day + 1))
        return uses.take(uses.time // DAY_MS == day)

    def _drawn(self, day: int) -> Uses:
        return Uses.joined(self._episodes(day, *gang) for gang in self._gangs)

    def _episodes(self, day: int, schedule: Schedule, times: tuple[int, int], acts: Acts) -> Uses:
        people, random = self._people, schedule.random(day)
        numbers = schedule.beginning(day)
        count = len(numbers)
        victim = random.integers(0, len(people), count)
        card = people.first_card[victim] + (people.cards[victim] * random.random(count)).astype(np.int32)
        begin = day * DAY_MS + random.integers(0, DAY_MS, count)
        length = random.integers(times[0], times[1] + 1, count)
        episode = np.repeat(np.arange(count), length)
        after, terminal, amount = acts(random, length, victim)
        scenario = schedule.scenario
        return Uses(
            time=begin[episode] + after,
            customer=victim[episode].astype(np.int32),
            card=card[episode],
            terminal=terminal.astype(np.int32),
            device=(DEVICES + (numbers * len(Scenario) + int(scenario)) % THIEVES_DEVICES)[episode].astype(np.int32),
            amount=minor(amount),
            scenario=np.full(len(episode), scenario, np.int8),
        )

    def _test(self, random: np.random.Generator, length: Integers, _: Integers) -> Spent:
        size = int(length.sum())
        country = random.integers(0, len(COUNTRIES), len(length))
        shop = self._people.terminals.pick(country, Kind.ONLINE, random.random(len(length)) * TESTED_SHOPS)
        after = _since_first(random.integers(MINUTE_MS // 20, MOST_BETWEEN_TESTS_MS, size), length)
        return after, np.repeat(shop, length), random.uniform(*TEST_AMOUNTS, size)

    def _spend(self, random: np.random.Generator, length: Integers, victim: Integers) -> Spent:
        abroad = np.repeat(random.random(len(length)) < THEFT_ABROAD, length)
        after = _within(random, length, THEFT_HOURS)
        amount = self._usual(np.repeat(victim, length)) * random.uniform(*THEFT_FACTORS, len(abroad))
        return after, self._somewhere(random, abroad, THEFT_KINDS, length), amount

    def _take_over(self, random: np.random.Generator, length: Integers, victim: Integers) -> Spent:
        abroad = np.ones(int(length.sum()), np.bool_)
        after = _within(random, length, TAKEOVER_HOURS)
        amount = self._usual(np.repeat(victim, length)) * random.uniform(*TAKEOVER_FACTORS, len(abroad))
        return after, self._online(self._somewhere(random, abroad, TAKEOVER_KINDS, length), random), amount

    def _online(self, terminal: Integers, random: np.random.Generator) -> Integers:
        """Who has an account rather than a card goes to a shop of the same country where only a card would do."""
        terminals = self._people.terminals
        country = terminals.country[terminal].astype(np.int64)
        shop = terminals.pick(country, Kind.ONLINE, random.random(len(terminal)))
        return np.where(terminals.online[terminal], terminal, shop)

    def _usual(self, customer: Integers) -> Floats:
        """The mean of the customer's own amounts."""
        found: Floats = np.exp(self._people.usual[customer] + self._people.spread[customer] ** 2 / 2)
        return found

    def _somewhere(
        self, random: np.random.Generator, abroad: Flags, kinds: tuple[float, ...], length: Integers
    ) -> Integers:
        """An episode stays in one country; `kinds` are the shares of the kinds of terminals."""
        country = np.repeat(random.integers(1, len(COUNTRIES), len(length)), length)
        kind = random.choice(len(Kind), len(abroad), p=kinds)
        return self._people.terminals.pick(np.where(abroad, country, HOME), kind, random.random(len(abroad)))


def _since_first(gaps: Integers, length: Integers) -> Integers:
    """Running sums of the gaps, from 0 in each episode."""
    total = np.cumsum(gaps)
    first = np.cumsum(length) - length
    found: Integers = total - np.repeat(total[first], length)
    return found


def _within(random: np.random.Generator, length: Integers, hours: int) -> Integers:
    """At random within so many hours, more of them early."""
    return (random.random(int(length.sum())) ** HURRY * hours * HOUR_MS).astype(np.int64)
