"""State for the first day of a group: transactions of files, put where their cards belong, as snapshots of the group.

    1. the group is new: nobody is in it, it has no offsets, and no snapshots that were made of the log
    2. the rows in order of arrival, each into the partition of its card, folded as the scorer folds
    3. a snapshot for every partition, at the first offset that the log has: all of the log is folded on top
    4. the offsets at which the group starts, and that on record

A transaction that is in the files and in the log has the same time and id in both, and is the same: it counts once. A
command that was interrupted is run again. Until 4 is done workers refuse to start: there are snapshots and no offsets.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
from confluent_kafka import Consumer

from batch.history.history import History
from consumer import clients, keeping
from consumer.retained import Retained
from consumer.snapshots.header import Origin, Taken
from consumer.snapshots.store import Store
from consumer.snapshots.straight import Straight
from consumer.trouble import Trouble
from fraudstream.doctor.offsets import Offsets, Span
from fraudstream.groups import Say, require_new
from fraudstream.moving import execute, moves, starts
from fraudstream.orders import PATIENCE_S, answering
from models.bank import Bank
from models.cards import CardBook
from models.registry.by import By
from producer.orders import Desk
from schemas.errors import DependencyAway, Usage
from schemas.lot.buffers import numbers, texts
from schemas.partitioner import partitions_of
from schemas.settings import Settings
from schemas.verdicts import Mark

IDENTITY = "fraudstream-seed"
LOT = 10_000
"""Rows folded at once: more need more memory and gain nothing."""


GAP_MS: Final = 3_600_000
"""A pause of this length between a seed and the log is no gap."""


@dataclass(slots=True)
class Seeded:
    """`last_ms` is by partition; `log_since_ms` is when the oldest record of the log was written, if it has any."""

    cards: int = 0
    events: int = 0
    copies: int = 0
    first_ms: int = 0
    last_ms: dict[int, int] = field(default_factory=dict)
    log_since_ms: int | None = None

    @property
    def until_ms(self) -> int:
        return max(self.last_ms.values(), default=self.first_ms)

    @property
    def cold_since_ms(self) -> int:
        """From when on all that happened is known: where the log begins much later than the seed ends, from there."""
        return self.first_ms if self.gap_ms <= GAP_MS else max(self.first_ms, self.until_ms + self.gap_ms)

    @property
    def gap_ms(self) -> int:
        """Between the seed and the log."""
        return 0 if self.log_since_ms is None else max(self.log_since_ms - self.until_ms, 0)


class Seeding:
    """Of one group. Nothing is written before `write`."""

    def __init__(self, settings: Settings) -> None:
        require_new(settings)
        Desk(settings)  # before anything is written: that the start can be put on record
        bank = Bank.of(settings)
        self.settings, self.store = settings, keeping.store(settings)
        with answering(settings):
            self.spans: Mapping[int, Span] = Offsets(settings, PATIENCE_S).spans()
            with _client(settings) as client:
                self._origin = _origin(settings, client, len(self.spans))
                log_since = _log_since(settings, client, self.spans)
        _refuse_known(self.store, self.spans)
        self._book, self.seeded = CardBook(bank.terms, bank.money), Seeded(log_since_ms=log_since)

    def fold(self, history: History, say: Say) -> None:
        done = self.seeded
        for rows in _placed(history, self._origin.partitions, self.settings):
            stamps, partitions = numbers(rows["timestamp"]), numbers(rows["partition"])
            done.first_ms = done.first_ms if done.events else max(int(stamps[0]), 0)
            for each in np.unique(partitions).tolist():
                done.last_ms[each] = max(int(stamps[partitions == each][-1]), 0)
            marks = self._book.fold(rows).marks
            done.copies += int(np.count_nonzero(marks & Mark.REDELIVERED))
            done.events += rows.num_rows
            done.cards = len(self._book)
            say("transactions", done.events)

    def write(self, say: Say) -> None:
        """Also of partitions that got no card: that they had none is known."""
        straight = Straight(self.store, keeping.keep(self.settings))
        for number, (partition, span) in enumerate(self.spans.items()):
            taken = Taken(
                origin=self._origin,
                partition=partition,
                offset=span.begin,
                log_ms=self.seeded.last_ms.get(partition, self.seeded.first_ms),
                cold_since_ms=self.seeded.cold_since_ms,
            )
            straight.hand_over(taken, self._book.to_arrays(partition))
            say("partitions", number + 1)

    def begin(self, start: str | int, by: By, say: Callable[[str], None]) -> list[str]:
        """The group's offsets are then there; says where."""
        goals = starts(self.settings, start, self.spans)
        planned = moves(self.settings, goals, self.spans, {}, say)
        execute(self.settings, planned, by)
        return [str(each) for each in planned]


def _placed(history: History, partitions: int, settings: Settings) -> Iterator[pa.RecordBatch]:
    """In the partitions in which their producers would have put them."""
    for lot in history.transactions():
        for first in range(0, lot.num_rows, LOT):
            rows = lot.slice(first, LOT)
            cards = texts(rows["card_id"])
            where = partitions_of(cards.data, cards.offsets, partitions, settings.kafka.partitioner)
            column = rows.schema.get_field_index("partition")
            yield rows.set_column(column, rows.schema.field(column), pa.array(where.astype(np.int32)))


@contextmanager
def _client(settings: Settings) -> Iterator[Consumer]:
    with closing(clients.label_consumer(settings, IDENTITY, Trouble("state"))) as client:
        yield client


def _origin(settings: Settings, client: Consumer, partitions: int) -> Origin:
    return keeping.asked(settings, client, clients.admin(settings, IDENTITY, Trouble("state")), partitions)


def _log_since(settings: Settings, client: Consumer, spans: Mapping[int, Span]) -> int | None:
    retained = Retained(client, settings.topics.transactions, lambda: 2**47, step_ms=1)
    filled = [partition for partition, span in spans.items() if span.begin < span.end]
    return min((retained.time_before(each, spans[each].begin) for each in filled), default=None)


def _refuse_known(store: Store, spans: Mapping[int, Span]) -> None:
    """Those of a seed that was interrupted end where the log begins."""
    try:
        found = [stored.name for stored in store.snapshots()]
    except OSError as error:
        raise DependencyAway(
            f"the snapshots in {store} cannot be reached: {error}", fix="see that state.url names the right place"
        ) from error
    later = [str(name) for name in found if name.partition in spans and name.offset > spans[name.partition].begin]
    if later:
        raise Usage(
            f"there are snapshots in {store} that were folded from the log, {later[0]} among them",
            fix="take another score.group, or remove them: a worker would go on from them and not from the seed",
        )
