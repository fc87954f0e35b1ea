"""Card transactions of a made-up population, some of them fraud, and the verdicts on them, in the order of arrival.

The same people, seed and start give the same records, however they are cut. Days are drawn one after the other, each
from a generator seeded by the seed and its number, so memory does not grow with the length of a run.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count as counting
from typing import Final

import numpy as np
import pyarrow as pa

from producer.arrival import Arrivals, Deliveries
from producer.calendar import DAY_MS
from producer.clock import Clock
from producer.days import Days
from producer.labels import Labels, Verdicts
from producer.population import Population
from producer.records import transactions
from producer.scenarios import MIX, Mix

CHUNK: Final = 8192
PER_CUSTOMER_AND_DAY: Final = 1.5
FEWEST_PER_DAY: Final = 100


def usual_per_day(customers: int) -> int:
    """So many transactions so many people make."""
    return max(FEWEST_PER_DAY, round(customers * PER_CUSTOMER_AND_DAY))


@dataclass(frozen=True, slots=True)
class Step:
    """Some records of transactions, and the verdicts that became known until the last of them arrived."""

    deliveries: Deliveries
    verdicts: Verdicts


@dataclass(frozen=True, slots=True)
class Simulation:
    """A sequence of transactions from `start_ms` on, about `per_day` of them a day. Each iteration begins anew."""

    people: Population
    seed: int
    start_ms: int
    per_day: int
    mix: Mix = field(default_factory=lambda: MIX)

    @property
    def prefix(self) -> str:
        """Of every event id."""
        return f"sim-{self.seed}-"

    def chunks(self, count: int | None, size: int = CHUNK) -> Iterator[pa.RecordBatch]:
        """`count` transactions (None: without end), at most `size` at a time."""
        for step in self.steps(count, size=size, labelled=False):
            yield transactions(self, step.deliveries)

    def rows(self, first: int, count: int) -> pa.RecordBatch:
        """Transactions `first` … `first + count - 1`; those before are drawn too."""
        return pa.concat_batches(self.chunks(first + count)).slice(first)

    def steps(
        self,
        count: int | None = None,
        days: int | None = None,
        *,
        size: int = CHUNK,
        labelled: bool = True,
        settled: bool = False,
    ) -> Iterator[Step]:
        """At most `count` records of the uses of `days` times 24 hours, None for no end, at most `size` at a time.

        `settled` goes on after the last record until every verdict on what has arrived is known.
        """
        end_ms = None if days is None else self.start_ms + days * DAY_MS
        labels = Labels(self.seed)
        left = np.iinfo(np.int64).max if count is None else count
        last: Deliveries | None = None
        for deliveries in self._days(end_ms, labels if labelled else None):
            records = deliveries.take(slice(0, left))
            left -= len(records)
            for at in range(0, len(records), size):
                last = records.take(slice(at, at + size))
                yield Step(last, labels.until(int(last.arrival[-1])))
            if not left:
                break
        if settled and last is not None:
            yield from _settled(labels, last)

    def _days(self, end_ms: int | None, labels: Labels | None) -> Iterator[Deliveries]:
        """What arrives, day by day; after the end what was on its way."""
        drawn = Days(self.people, self.seed, self.per_day, self.mix)
        arrivals = Arrivals(self.people, self.seed, self.start_ms)
        for day in counting(self.start_ms // DAY_MS):
            if end_ms is None or day * DAY_MS < end_ms:
                uses = drawn.uses(day)
                if end_ms is not None and (day + 1) * DAY_MS > end_ms:
                    uses = uses.take(uses.time < end_ms)
                firsts = arrivals.add(day, uses)
                if labels is not None:
                    labels.add(day, firsts)
            elif not arrivals.waiting:
                return
            yield arrivals.on(day)


def _settled(labels: Labels, last: Deliveries) -> Iterator[Step]:
    """The verdicts that are still to come on what arrived no later than the last record."""
    nothing, arrival, number = last.take(slice(0, 0)), int(last.arrival[-1]), int(last.number[-1])
    for day in labels.days():
        verdicts = labels.until((day + 1) * DAY_MS - 1)
        yield Step(nothing, verdicts.take(verdicts.up_to(arrival, number)))


def within(steps: Iterator[Step], end_ms: int) -> Iterator[Step]:
    """What has arrived, and the verdicts that are known, before that moment."""
    for step in steps:
        soon, known = step.deliveries.arrival < end_ms, step.verdicts.known < end_ms
        if not soon.any():
            return
        yield Step(step.deliveries.take(soon), step.verdicts.take(known))


def sliced(steps: Iterator[Step], from_ms: int, size: int) -> Iterator[Step]:
    """The same records: as they are cut before that moment, at most `size` records at a time from then on."""
    for step in steps:
        arrival, known = step.deliveries.arrival, step.verdicts.known
        before = int(np.searchsorted(arrival, from_ms))
        ends = [*([before] if before else []), *range(before + size, len(arrival), size), len(arrival)]
        begin, said = 0, 0
        for end in dict.fromkeys(ends):
            heard = len(known) if end == len(arrival) else int(np.searchsorted(known, arrival[end - 1], side="right"))
            yield Step(step.deliveries.take(slice(begin, end)), step.verdicts.take(slice(said, heard)))
            begin, said = end, heard


def live(steps: Iterator[Step], now_ms: Callable[[], int]) -> Iterator[Step]:
    """The same records, each step happening at the moment it is asked for; a late one happened that much before."""
    clock = Clock()
    for step in steps:
        yield Step(*clock.moved(step.deliveries, step.verdicts, now_ms()))
