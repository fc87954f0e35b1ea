"""One day of card uses: those that the customers' habits lead to."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from producer.aligned import Aligned, Bytes, Flags, Floats, Integers, Shorts
from producer.calendar import times
from producer.population import HABITUAL_COUNTERS, HABITUAL_SHOPS, Population
from producer.scenarios import Scenario
from producer.terminals import COUNTRIES, HOME, Kind
from producer.travel import NOWHERE

AWAY_FROM_HABITS: Final = 0.1
OTHER_SHOPS: Final = 0.2
FOREIGN_SHOPS: Final = 0.12
FOREIGN_RISKY: Final = 0.65
OUT_OF_TOWN: Final = 0.3
FAVOURITE: Final = 1.6
"""The larger, the more often the first of a customer's habitual places is chosen."""
LARGE_SHARE: Final = 0.006
LEAST_LARGE: Final = 1.5
MOST_LARGE: Final = 5.0
DEVICE_VERSIONS: Final = 16
DEVICES: Final = 90_000_000
"""Numbers of the customers' own devices stay below; those above are thieves'."""


@dataclass(frozen=True, slots=True, eq=False)
class Uses(Aligned):
    """Which card was used when and where, for how much (minor units): indices into the population."""

    time: Integers
    customer: Shorts
    card: Shorts
    terminal: Shorts
    device: Shorts
    amount: Integers
    scenario: Bytes


def by_habit(people: Population, day: int, count: int, towns: Integers, random: np.random.Generator) -> Uses:
    """`count` uses in the order of customers; `towns` are those that customers visit on the day."""
    customer = _who(people, count, random)
    terminal, device = _where(people, customer, towns[customer], random), _devices(people, customer, day, random)
    own = people.first_card[customer]
    return Uses(
        time=times(day, people.rhythm[customer], random.random(count)),
        customer=customer,
        card=own + (people.cards[customer] * random.random(count) ** 2).astype(np.int32),
        terminal=terminal,
        device=device,
        amount=_amounts(people, customer, terminal, random),
        scenario=np.full(count, Scenario.GENUINE, np.int8),
    )


def minor(amount: Floats) -> Integers:
    """At least one, in minor units."""
    return np.maximum(np.rint(amount * 100.0), 1.0).astype(np.int64)


def _who(people: Population, count: int, random: np.random.Generator) -> Shorts:
    """Some have a busy day, others stay at home."""
    weight = np.cumsum(people.activity * random.standard_exponential(len(people)))
    edges = np.floor(weight * (count / weight[-1]) + random.random()).astype(np.int64)
    edges[-1] = count
    return np.repeat(np.arange(len(people), dtype=np.int32), np.diff(edges, prepend=0))


def _where(people: Population, customer: Shorts, town: Integers, random: np.random.Generator) -> Shorts:
    count = len(customer)
    chance = random.random(count)
    risky = chance < people.risky[customer]
    online = ~risky & (chance < people.risky[customer] + people.online[customer])
    counter = ~risky & ~online
    found = people.habits[customer, (HABITUAL_COUNTERS * random.random(count) ** FAVOURITE).astype(np.int8)]
    for rows, choose in (
        (counter & (chance > 1.0 - AWAY_FROM_HABITS), _other_counter),
        (online, _shop),
        (risky, _risky),
    ):
        at = np.flatnonzero(rows)
        found[at] = choose(people, customer[at], random)
    at = np.flatnonzero(counter & (town != NOWHERE))
    found[at] = people.terminals.towns.counter(town[at], random.random(len(at)) ** FAVOURITE)
    return found


def _other_counter(people: Population, customer: Shorts, random: np.random.Generator) -> Integers:
    towns, count = people.terminals.towns, len(customer)
    far = random.random(count) < OUT_OF_TOWN
    town = np.where(far, towns.any_in(HOME, random.random(count)), people.town[customer])
    return towns.counter(town, random.random(count))


def _shop(people: Population, customer: Shorts, random: np.random.Generator) -> Integers:
    count = len(customer)
    habit = people.shops[customer, (HABITUAL_SHOPS * random.random(count) ** FAVOURITE).astype(np.int8)]
    country = _country(random, count, FOREIGN_SHOPS)
    other = people.terminals.pick(country, Kind.ONLINE, random.random(count) ** FAVOURITE)
    return np.where(random.random(count) < OTHER_SHOPS, other, habit)


def _risky(people: Population, customer: Shorts, random: np.random.Generator) -> Integers:
    count = len(customer)
    return people.terminals.pick(_country(random, count, FOREIGN_RISKY), Kind.RISKY, random.random(count))


def _country(random: np.random.Generator, count: int, foreign: float) -> Integers:
    return np.where(random.random(count) < foreign, random.integers(1, len(COUNTRIES), count), HOME)


def _devices(people: Population, customer: Shorts, day: int, random: np.random.Generator) -> Shorts:
    """Everybody gets a new device every year or two."""
    second = random.random(len(customer)) < people.second[customer]
    version = (day + 7 * np.arange(len(people))) // people.device_days % DEVICE_VERSIONS
    first = (version * 2 * len(people) + 2 * np.arange(len(people))) % DEVICES
    return (first[customer] + second).astype(np.int32)


def _amounts(people: Population, customer: Shorts, terminal: Shorts, random: np.random.Generator) -> Integers:
    count = len(customer)
    log = people.usual[customer] + people.terminals.price[terminal]
    amount = np.exp(log + people.spread[customer] * random.standard_normal(count))
    large: Flags = random.random(count) < LARGE_SHARE
    amount[large] *= random.uniform(LEAST_LARGE, MOST_LARGE, int(large.sum()))
    return minor(amount)
