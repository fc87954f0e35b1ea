"""A bank's log: purchases in arrival order and what is said of them, late, twice, wrongly or never.

What brute force says of each purchase stands beside it: Python integers, lists, and nothing of the models' own.
"""

import math
import random
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import takewhile
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from models.hashing import hash_strings
from models.labels import LabelColumns
from schemas.lot.table import SCHEMA

HOUR = 3_600_000
DAY = 24 * HOUR
WEEK, MONTH, QUARTER = 7 * DAY, 30 * DAY, 90 * 24
START = 1_767_571_200_000
SPANS = {"10min": HOUR // 6, "1h": HOUR, "1d": DAY, "7d": WEEK, "30d": MONTH}
STEPS = {"1d": 24, "7d": 7 * 24, "30d": 30 * 24}
FOREVER = 10**9
NAN = math.nan


class Purchase(NamedTuple):
    event: int
    card: int
    terminal: int
    time: int
    amount: int
    arrival: int


class Said(NamedTuple):
    purchase: Purchase
    fraud: bool
    known: int


@dataclass
class Brute:
    """Everything of the card before, and every verdict about card and terminal that is in force at the purchase."""

    labels: Iterable[Said]

    def __post_init__(self) -> None:
        self.rings: dict[int, list[tuple[int, int, int, int]]] = defaultdict(list)
        self.verdicts: dict[tuple[str, int], list[tuple[int, bool, int, Purchase]]] = defaultdict(list)
        chains: dict[Purchase, dict[int, bool]] = defaultdict(dict)
        for said in sorted(self.labels, key=lambda each: each.known):
            step = -(-(max(said.known, said.purchase.time + WEEK) + 60_000) // HOUR)
            chains[said.purchase][step] = said.fraud
        for of, chain in chains.items():
            turns = [step for step, was in zip(chain, [None, *chain.values()], strict=False) if chain[step] != was]
            for since, until in zip(turns, [*turns[1:], FOREVER], strict=True):
                for name in (("card", of.card), ("terminal", of.terminal)):
                    self.verdicts[name].append((since, chain[since], until, of))

    def answer(self, new: Purchase) -> dict[str, float]:
        at, paid, ring = new.time, new.amount, self.rings[new.card]
        known = [place for place, each in enumerate(ring) if each[3] == new.event]
        place = known[0] if known else bisect(ring, (at, FOREVER))
        past = [(time, amount) for time, _, amount, _ in ring[:place] if time > at - MONTH]
        if not known:
            ring.insert(place, (at, len(ring), paid, new.event))
        spans = {key: [paid, *(amount for time, amount in past if time > at - ms)] for key, ms in SPANS.items()}
        found: dict[str, float] = {f"count_{key}": len(span) for key, span in spans.items()}
        found |= {f"mean_{key}": sum(span) / len(span) for key, span in spans.items()}
        amounts = [amount for _, amount in past] or [0]
        middle, mean = median(amounts), sum(amounts) / len(amounts)
        for name, base in (("mean", mean), ("median", middle), ("highest", max(amounts))):
            found[f"ratio_{name}_30d"] = paid / base if base else NAN
        found["outliers_14d"] = sum(time > at - 2 * WEEK and amount > 3 * middle for time, amount in past)
        found["hours_since_previous"] = (at - past[-1][0]) / HOUR if past else NAN
        return found | self._card(new) | self._terminal(new)

    def _card(self, new: Purchase) -> dict[str, float]:
        mine = self._in_force("card", new.card, new.time // HOUR)
        paid = [of.amount for _, fraud, _, of in mine if not fraud]
        times, n, total = [of.time for _, fraud, _, of in mine if fraud], len(paid), sum(paid)
        spread = n * sum(amount**2 for amount in paid) - total**2
        return {
            "genuine_z": (new.amount - total / n) / math.sqrt(spread / n / (n - 1)) if spread else NAN,
            "genuine_ratio": new.amount / (total / n) if n else NAN,
            "card_days_since_fraud": (new.time - max(times)) / DAY if times else NAN,
            "card_last_label": mine[-1][1] if mine else NAN,
        }

    def _terminal(self, new: Purchase) -> dict[str, float]:
        step = new.time // HOUR
        here = self._in_force("terminal", new.terminal, step)
        found: dict[str, float] = {"terminal_last_label": here[-1][1] if here else NAN}
        for key, steps in STEPS.items():
            window = [fraud for since, fraud, *_ in here if since > step - steps]
            found[f"terminal_count_{key}"] = len(window)
            found[f"terminal_fraud_share_{key}"] = sum(window) / len(window) if window else NAN
        frauds = [(since, of.time) for since, fraud, _, of in here if fraud]
        first = next((n for n in range(len(frauds) - 1, 0, -1) if frauds[n][0] - frauds[n - 1][0] > 30 * 24), 0)
        times = [time for _, time in frauds[first:]]
        found["terminal_days_since_first_fraud"] = (new.time - min(times)) / DAY if times else NAN
        found["terminal_days_since_last_fraud"] = (new.time - max(times)) / DAY if times else NAN
        found["terminal_fraud_run"] = len(list(takewhile(bool, (fraud for _, fraud, *_ in reversed(here)))))
        return found

    def _in_force(self, kind: str, key: int, step: int) -> list[tuple[int, bool, int, Purchase]]:
        said = self.verdicts[kind, key]
        return sorted(each for each in said if step - QUARTER < each[0] <= step < each[2])


@dataclass
class Bank:
    """Some terminals are compromised for weeks; a few purchases are stolen elsewhere."""

    seed: int
    events: int
    days: int = 100
    cards: int = 500
    terminals: int = 150
    copies: float = 0.03
    late: float = 0.08
    stolen: float = 0.004

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        pick = self.chance.randrange
        self.bad = {terminal: START + pick(self.days - 10) * DAY for terminal in range(self.terminals // 8)}
        made = [self._purchase(number) for number in range(self.events)]
        again = self.chance.sample(made, int(self.copies * self.events))
        made += [self._arriving(each, pick(1, 6) * DAY // pick(1, 99)) for each in again]
        self.log = sorted(made, key=lambda each: each.arrival)
        self.purchases = list({each.event: each for each in made}.values())
        self.fraud_of = {each.event: self._is_fraud(each) for each in self.purchases}
        self._tell()

    def with_frauds(self, fraud_of: dict[int, bool]) -> "Bank":
        """The same purchases, of which other ones are frauds."""
        other = copy(self)
        other.fraud_of = fraud_of
        other._tell()
        return other

    def _tell(self) -> None:
        said = [said for each in self.purchases for said in self._said(each)]
        self.labels = sorted(said, key=lambda each: each.known)

    def _purchase(self, event: int) -> Purchase:
        pick = self.chance.randrange
        time = START + pick(self.days * DAY)
        time = time if pick(8) else time // HOUR * HOUR
        late = pick(3 * DAY) if self.chance.random() < self.late else 0
        amount = pick(1, 30_000) if pick(20) else pick(1, 10**9)
        return Purchase(event, pick(self.cards), pick(self.terminals), time, amount, time + late)

    @staticmethod
    def _arriving(purchase: Purchase, later: int) -> Purchase:
        """Its copy: an event is recognised for a week."""
        return purchase._replace(arrival=min(purchase.arrival + later, purchase.time + WEEK - HOUR))

    def _is_fraud(self, each: Purchase) -> bool:
        weeks = self.bad.get(each.terminal, 10**15)
        return self.chance.random() < (0.8 if 0 <= each.time - weeks < 4 * WEEK else self.stolen)

    def _said(self, each: Purchase) -> Iterator[Said]:
        """Hours, days or weeks later; some never; some taken back, and some of those once more."""
        pick, fraud, known = self.chance.randrange, self.fraud_of[each.event], each.time
        while pick(12):
            known += pick(1, self.chance.choice((6 * HOUR, 3 * DAY, 12 * DAY, 40 * DAY)))
            yield Said(each, fraud, known)
            if pick(15):
                return
            fraud = not fraud


def rows(log: Sequence[Purchase], partitions: int = 1) -> pa.RecordBatch:
    """The log as one lot; devices, countries and places follow from what is bought where."""
    columns: dict[str, Any] = {
        "event_id": [f"e{each.event}" for each in log],
        "event_time": pa.array([each.time for each in log], pa.int64()).cast(SCHEMA.field("event_time").type),
        "card_id": [f"card-{each.card}" for each in log],
        "customer_id": [str(each.card) for each in log],
        "terminal_id": [f"t{each.terminal}" for each in log],
        "amount_minor": [each.amount for each in log],
        "currency": ["EUR"] * len(log),
        "partition": [each.card % partitions for each in log],
        "offset": range(len(log)),
        "timestamp": [each.arrival for each in log],
        "marks": [0] * len(log),
        "device_id": [("a", "b", None, "c")[each.event % 97 % 4] for each in log],
        "country": [("DE", "DE", "FR", None)[each.terminal % 4] for each in log],
        "latitude": [each.terminal / 4 if each.event % 3 else None for each in log],
        "longitude": [each.terminal / 9 for each in log],
    }
    cells = (columns.get(field.name, [None] * len(log)) for field in SCHEMA)
    arrays = [pa.array(cell, field.type) for cell, field in zip(cells, SCHEMA, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def verdicts(labels: Sequence[Said]) -> list[dict[str, Any]]:
    """The same as people write them, in files and requests, each with when it was known."""
    return [
        {
            "event_id": f"e{said.purchase.event}",
            "card_id": f"card-{said.purchase.card}",
            "terminal_id": f"t{said.purchase.terminal}",
            "amount_minor": said.purchase.amount,
            "currency": "EUR",
            "event_time": said.purchase.time,
            "is_fraud": said.fraud,
            "source": "test",
            "timestamp": said.known,
        }
        for said in labels
    ]


def columns(labels: Sequence[Said], partitions: int = 1) -> LabelColumns:
    """In this order; the place in the log of labels follows from when they were known."""
    of = [said.purchase for said in labels]
    known = np.array([said.known for said in labels], np.int64)
    return LabelColumns(
        event=hash_strings(pa.array([f"e{each.event}" for each in of], pa.string())),
        card=hash_strings(pa.array([f"card-{each.card}" for each in of], pa.string())),
        terminal=hash_strings(pa.array([f"t{each.terminal}" for each in of], pa.string())),
        amount=np.array([each.amount for each in of], np.int64),
        event_time=np.array([each.time for each in of], np.int64),
        is_fraud=np.array([said.fraud for said in labels], np.bool_),
        known_at=known,
        partition=np.array([each.card % partitions for each in of], np.int64),
        offset=known - START,
        own=np.ones(len(labels), np.bool_),
    )
