"""How uses become records: soon, late or twice, from clocks that are right or wrong; in the order of arrival.

The record timestamp is the moment of arrival by the broker's clock, the event time that of use by the terminal's.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import numpy as np

from producer.aligned import Aligned, Bytes, Flags, Floats, Integers, Shorts
from producer.calendar import DAY_MS, HOUR_MS
from producer.draws import Draw, generator
from producer.population import Population
from producer.terminals import MINUTE_MS
from producer.uses import Uses

TRANSPORT_MS: Final = 250.0
TRANSPORT_SPREAD: Final = 0.5
MOST_TRANSPORT_MS: Final = 5_000
LATE_SHARE: Final = 0.003
LATE_MS: Final = (1 * MINUTE_MS, 30 * HOUR_MS)
REDELIVERED_SHARE: Final = 0.002
REDELIVERED_MS: Final = (1_000, 6 * HOUR_MS)
PLACE_BITS: Final = 32


@dataclass(frozen=True, slots=True, eq=False)
class Deliveries(Aligned):
    """One row per record. `number` is the event's, `first` when it arrived the first time, `again` a redelivery."""

    arrival: Integers
    number: Integers
    first: Integers
    again: Flags
    time: Integers
    event_time: Integers
    customer: Shorts
    card: Shorts
    terminal: Shorts
    device: Shorts
    amount: Integers
    scenario: Bytes


NOTHING: Final = Deliveries(*(np.zeros(0, each) for each in "qqq?qqiiiiqb"))


def in_order(arrival: Integers, place: Integers) -> Integers:
    """By arrival, and by place where equal; both within 2**31 of their least."""
    if not len(arrival):
        return np.zeros(0, np.int64)
    return np.argsort(((arrival - arrival.min()) << PLACE_BITS) | (place - place.min()))


class Arrivals:
    """Numbers the events in the order in which those of a day arrive, and keeps what comes on a later day."""

    def __init__(self, people: Population, seed: int, start_ms: int) -> None:
        self._people = people
        self._seed = seed
        self._start_ms = start_ms
        self._count = 0
        self._waiting: defaultdict[int, list[Deliveries]] = defaultdict(list)

    def add(self, day: int, uses: Uses) -> Deliveries:
        """The first deliveries of a day's uses, in the order of their numbers."""
        random = generator(self._seed, Draw.ARRIVAL, day)
        arrival = uses.time + _transport(random, len(uses))
        late = np.flatnonzero(random.random(len(uses)) < LATE_SHARE)
        arrival[late] += _between(random, LATE_MS, len(late))
        chance = random.random(len(uses))
        order = in_order(arrival, np.arange(len(uses)))
        order = order[arrival[order] >= self._start_ms]
        firsts = self._first(uses.take(order), arrival[order])
        self._put(firsts, day)
        self._put(_again(firsts, chance[order], random), day)
        return firsts

    @property
    def waiting(self) -> bool:
        return bool(self._waiting)

    def on(self, day: int) -> Deliveries:
        """All that arrive on a day, in that order; the days up to it were added if they are to be."""
        deliveries = Deliveries.joined(self._waiting.pop(day, []) or [NOTHING])
        return deliveries.take(in_order(deliveries.arrival, deliveries.number))

    def _first(self, uses: Uses, arrival: Integers) -> Deliveries:
        number = self._count + np.arange(len(uses))
        self._count += len(uses)
        return Deliveries(
            arrival=arrival,
            number=number,
            first=arrival,
            again=np.zeros(len(uses), np.bool_),
            time=uses.time,
            event_time=uses.time + self._people.terminals.skew_ms[uses.terminal],
            customer=uses.customer,
            card=uses.card,
            terminal=uses.terminal,
            device=uses.device,
            amount=uses.amount,
            scenario=uses.scenario,
        )

    def _put(self, deliveries: Deliveries, day: int) -> None:
        days = deliveries.arrival // DAY_MS
        for each in range(day, int(days.max(initial=day)) + 1):
            if (of_day := days == each).any():
                self._waiting[each].append(deliveries.take(of_day))


def _transport(random: np.random.Generator, count: int) -> Integers:
    usual = TRANSPORT_MS * np.exp(TRANSPORT_SPREAD * random.standard_normal(count))
    return np.minimum(usual, MOST_TRANSPORT_MS).astype(np.int64)


def _again(firsts: Deliveries, chance: Floats, random: np.random.Generator) -> Deliveries:
    """Copies that arrive later, the same but for that."""
    twice = firsts.take(np.flatnonzero(chance < REDELIVERED_SHARE))
    twice.arrival[:] += _between(random, REDELIVERED_MS, len(twice))
    twice.again[:] = True
    return twice


def _between(random: np.random.Generator, limits: tuple[int, int], count: int) -> Integers:
    """Evenly spread on a logarithmic scale."""
    return np.exp(random.uniform(np.log(limits[0]), np.log(limits[1]), count)).astype(np.int64)
