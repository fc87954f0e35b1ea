"""Verdicts on card uses, and when each becomes known: after hours, days or weeks, sometimes wrong at first, or never.

investigator  hours after the use; some of the first verdicts are wrong and corrected later
customer      days, when the statement is read
chargeback    weeks: by then the use was held to be genuine, which is corrected
matured       about a week: nobody complained, so it is genuine
"""

from collections import defaultdict
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from producer.aligned import Aligned, Bytes, Flags, Floats, Integers, Shorts
from producer.arrival import Deliveries, in_order
from producer.calendar import DAY_MS, HOUR_MS
from producer.draws import Draw, generator
from producer.scenarios import Scenario


class Source(IntEnum):
    INVESTIGATOR = 0
    CUSTOMER = 1
    CHARGEBACK = 2
    MATURED = 3

    @property
    def text(self) -> str:
        return self.name.lower()


DELAYS_MS: Final = np.array(
    [
        (HOUR_MS // 2, 12 * HOUR_MS),
        (DAY_MS // 2, 10 * DAY_MS),
        (14 * DAY_MS, 50 * DAY_MS),
        (6 * DAY_MS, 7 * DAY_MS),
    ]
)
"""By source, from the use on; evenly spread on a logarithmic scale."""

SOONEST_MS: Final = 1_000
"""After the event: nobody judges what has not arrived."""
MISSING_SHARE: Final = 0.03
"""Uses that nobody ever judges."""
UNNOTICED_SHARE: Final = 0.02
"""Frauds held to be genuine for ever."""
FALSE_ALARM_SHARE: Final = 0.0003
CLEARED_SHARE: Final = 0.05
"""Of the frauds that customers report: an investigator had called them genuine before."""
CORRECTED_MS: Final = (DAY_MS, 4 * DAY_MS)

REPORTERS: Final = {
    Scenario.CARD_TESTING: (0.6, 0.3, 0.1),
    Scenario.STOLEN_CARD: (0.4, 0.45, 0.15),
    Scenario.COMPROMISED_TERMINAL: (0.4, 0.45, 0.15),
    Scenario.ACCOUNT_TAKEOVER: (0.4, 0.45, 0.15),
    Scenario.FRIENDLY_FRAUD: (0.0, 0.6, 0.4),
}
"""Who reports a fraud: shares of investigators, customers, chargebacks."""


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts(Aligned):
    """One row per label; `known` is when it is, `first` when the event arrived first."""

    known: Integers
    number: Integers
    first: Integers
    event_time: Integers
    card: Shorts
    terminal: Shorts
    amount: Integers
    fraud: Flags
    source: Bytes

    @classmethod
    def on(cls, events: Deliveries, known: Integers, fraud: Flags, source: Bytes) -> "Verdicts":
        return cls(
            known=np.maximum(known, events.first + SOONEST_MS),
            number=events.number,
            first=events.first,
            event_time=events.event_time,
            card=events.card,
            terminal=events.terminal,
            amount=events.amount,
            fraud=fraud,
            source=source,
        )

    def up_to(self, arrival: int, number: int) -> Flags:
        """On events that came first no later than the record of that arrival and number."""
        found: Flags = (self.first < arrival) | ((self.first == arrival) & (self.number <= number))
        return found


NO_VERDICTS: Final = Verdicts(*(np.zeros(0, each) for each in "qqqqiiq?b"))


class Labels:
    """Keeps the verdicts until they are known: those of about a week, and of the frauds for longer."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._waiting: defaultdict[int, list[Verdicts]] = defaultdict(list)
        self._ready = NO_VERDICTS

    def add(self, day: int, events: Deliveries) -> None:
        """The first deliveries of the uses of one day."""
        random = generator(self._seed, Draw.LABELS, day)
        judged = events.take(random.random(len(events)) >= MISSING_SHARE)
        fraud = judged.scenario != Scenario.GENUINE
        self._put(_genuine(judged.take(~fraud), random))
        self._put(_frauds(judged.take(fraud), random))

    def until(self, moment_ms: int) -> Verdicts:
        """Those that become known no later and were not given before, in that order."""
        due = [day for day in self.days() if day <= moment_ms // DAY_MS]
        if due:
            ready = Verdicts.joined([self._ready, *(each for day in due for each in self._waiting.pop(day))])
            self._ready = ready.take(in_order(ready.known, ready.number))
        ends = int(np.searchsorted(self._ready.known, moment_ms, side="right"))
        known, self._ready = self._ready.take(slice(0, ends)), self._ready.take(slice(ends, None))
        return known

    def days(self) -> list[int]:
        """On which verdicts still become known; the first may have had some."""
        return sorted(self._waiting)

    def _put(self, verdicts: Verdicts) -> None:
        days = verdicts.known // DAY_MS
        for each in np.unique(days):
            self._waiting[int(each)].append(verdicts.take(days == each))


def _genuine(events: Deliveries, random: np.random.Generator) -> Verdicts:
    matured = _verdicts(events, random, np.full(len(events), Source.MATURED), fraud=False)
    alarmed = events.take(random.random(len(events)) < FALSE_ALARM_SHARE)
    alarms = _verdicts(alarmed, random, np.full(len(alarmed), Source.INVESTIGATOR), fraud=True)
    later = alarms.known + random.integers(*CORRECTED_MS, len(alarmed))
    corrections = Verdicts.on(alarmed, later, ~alarms.fraud, np.full(len(alarmed), Source.CUSTOMER, np.int8))
    return Verdicts.joined([matured, alarms, corrections])


def _frauds(events: Deliveries, random: np.random.Generator) -> Verdicts:
    """What is reported later than uses mature counts as genuine in between."""
    reports = _verdicts(events, random, _reporters(events.scenario, random.random(len(events))), fraud=True)
    matured = _verdicts(events, random, np.full(len(events), Source.MATURED), fraud=False)
    cleared = _verdicts(events, random, np.full(len(events), Source.INVESTIGATOR), fraud=False)
    unnoticed = random.random(len(events)) < UNNOTICED_SHARE
    first_wrong = (reports.source == Source.CUSTOMER) & (random.random(len(events)) < CLEARED_SHARE)
    return Verdicts.joined(
        [
            reports.take(~unnoticed),
            matured.take(unnoticed | (reports.known > matured.known)),
            cleared.take(~unnoticed & first_wrong & (cleared.known < reports.known)),
        ]
    )


def _verdicts(events: Deliveries, random: np.random.Generator, source: Integers, *, fraud: bool) -> Verdicts:
    least, most = np.log(DELAYS_MS[source]).T
    delay: Floats = np.exp(least + (most - least) * random.random(len(events)))
    known = events.time + delay.astype(np.int64)
    return Verdicts.on(events, known, np.full(len(events), fraud), source.astype(np.int8))


def _reporters(scenario: Bytes, chance: Floats) -> Integers:
    limits = np.zeros((len(Scenario), len(Source) - 1))
    for each, shares in REPORTERS.items():
        limits[each] = np.cumsum(shares)
    found: Integers = (chance[:, None] >= limits[scenario, :-1]).sum(axis=1)
    return found
