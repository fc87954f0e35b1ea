"""Which transactions have matured: happened before the cutoff, and nobody ever said anything of them.

A function of the logs and the cutoff alone, so that asking again gives what is left. Memory holds the numbers of so
many events as `most` says; where there are more, the logs are read once for each range of numbers.

    1. due      verdicts of a range are read, then the transactions: those before the cutoff without any are due
    2. labels   the transactions are read again, and their labels made, some at a time
    3. since    before some are handed out, it is read what was said meanwhile, and they are left out where it was of
                them: their labels say that they were known before that was read, so that whatever is said later on
                holds against them
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batch.maturing.held import TOP, Held, places
from batch.maturing.past import Bought, Topic
from models.hashing import Hashes, hash_strings
from schemas.lot.buffers import numbers

MOST_HELD: Final = 16_000_000
"""Of each kind; 8 bytes each, three times that while they are sorted."""
AT_ONCE: Final = 2_000
COPIED: Final = ("event_id", "card_id", "terminal_id", "amount_minor", "currency", "event_time")

Say = Callable[[str, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Matured:
    """Some transactions; they were found undisputed at that moment."""

    rows: pa.RecordBatch
    known_ms: int


@dataclass(slots=True)
class Found:
    """What became of the transactions that were read."""

    read: int = 0
    young: int = 0
    due: int = 0
    oldest_ms: int | None = None

    @property
    def judged(self) -> int:
        """And those that came twice."""
        return self.read - self.young - self.due


@dataclass(slots=True)
class Maturing:
    bought: Bought
    verdicts: Topic
    cutoff_ms: int
    say: Say = lambda _what, _rows: None
    most: int = MOST_HELD
    found: Found = field(default_factory=Found)

    def due(self) -> Iterator[Hashes]:
        """Range by range, ascending."""
        low = 0
        while low <= TOP:
            judged = self._judged(low)
            due = self._due(judged)
            low = due.top + 1
            self.found.due += len(due.sorted())
            yield due.sorted()

    def labels(self, due: Hashes, clock_ms: Callable[[], int]) -> Iterator[Matured]:
        left, waiting, count = np.ones(len(due), np.bool_), list[pa.RecordBatch](), 0
        for rows in self.bought.transactions() if len(due) else ():
            mine = self._first(rows, due, left)
            if mine.num_rows:
                waiting.append(mine)
                count += mine.num_rows
            if count >= AT_ONCE:
                yield from self._undisputed(waiting, clock_ms)
                waiting, count = [], 0
        if count:
            yield from self._undisputed(waiting, clock_ms)

    def _judged(self, low: int) -> Held:
        held, read = Held(low, TOP, self.most), 0
        for rows in self.verdicts.all():
            held.add(hash_strings(rows["event_id"]))
            read += rows.num_rows
            self.say("reading verdicts", read)
        for events in self.bought.judged():
            held.add(events)
            read += len(events)
            self.say("reading verdicts", read)
        held.sorted()
        return held

    def _due(self, judged: Held) -> Held:
        known, read, first = judged.sorted(), 0, not self.found.read
        held = Held(judged.low, judged.top, self.most)
        for rows in self.bought.transactions():
            old = numbers(rows["event_time"]) <= self.cutoff_ms
            events = hash_strings(rows["event_id"])[old]
            held.add(events[places(known, events) < 0])
            read += rows.num_rows
            self.say("reading transactions", read)
            if first:
                self._count(rows, int(old.sum()))
        held.sorted()
        return held

    def _count(self, rows: pa.RecordBatch, old: int) -> None:
        found = self.found
        found.read += rows.num_rows
        found.young += rows.num_rows - old
        if rows.num_rows:
            oldest = int(numbers(rows["event_time"]).min())
            found.oldest_ms = oldest if found.oldest_ms is None else min(oldest, found.oldest_ms)

    def _first(self, rows: pa.RecordBatch, due: Hashes, left: NDArray[np.bool_]) -> pa.RecordBatch:
        """Those that are due; of an event that came twice the first."""
        at = places(due, hash_strings(rows["event_id"]))
        at[numbers(rows["event_time"]) > self.cutoff_ms] = -1
        at = np.where((at >= 0) & left[at], at, -1) if len(at) else at
        _, first = np.unique(at, return_index=True)
        first = np.sort(first[at[first] >= 0])
        left[at[first]] = False
        return rows.select(COPIED).take(pa.array(first))

    def _undisputed(self, waiting: list[pa.RecordBatch], clock_ms: Callable[[], int]) -> Iterator[Matured]:
        whole = pa.concat_batches(waiting)
        for begin in range(0, whole.num_rows, AT_ONCE):
            rows, known_ms = whole.slice(begin, AT_ONCE), clock_ms()
            said = [hash_strings(each["event_id"]) for each in self.verdicts.since()]
            if said:
                disputed = np.unique(np.concatenate(said))
                rows = rows.filter(pa.array(places(disputed, hash_strings(rows["event_id"])) < 0))
            if rows.num_rows:
                yield Matured(rows, known_ms)
