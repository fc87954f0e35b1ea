"""The loop: fetch a lot, score it, publish it with its offsets, again. A lone record is never held back.

Labels are learned between lots, and the labels that there are before the first record is asked for. Snapshots are taken
between lots, when what is remembered is what is committed.
"""

import time
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from consumer import metrics
from consumer.lag import Lags
from consumer.life import Life
from consumer.lots import Fetched, Pending, first_offsets
from consumer.notices import Notices
from consumer.orders import Orders
from consumer.schema_waits import SchemaWaits
from consumer.scoring import Scored, Scorer, Tally
from consumer.source import KafkaSource
from consumer.stops import Stops
from schemas.errors import RegistryAway, RestartMe
from schemas.verdicts import WANTED, Mark

LAG_EVERY_S: Final = 1.0
EXPECTED_NAMES: Final = frozenset((WANTED | Mark.COLD_STATE).names())
"""Of marks that say nothing about who sent a record."""
FROM_THE_BEGINNING: Final = 0

log = structlog.get_logger(__name__)


class Checkpoint(Protocol):
    def start(self) -> None: ...

    def publish(self, pending: Pending) -> None: ...

    def idle(self) -> None: ...

    def close(self) -> None: ...


class Worker:
    """`max_messages` bounds the records handled, to the record; None is for ever."""

    def __init__(
        self,
        source: KafkaSource,
        scorer: Scorer,
        checkpoint: Checkpoint,
        orders: Orders,
        life: Life,
        *,
        max_messages: int | None = None,
        clock: Callable[[], float] = time.time,
        between_lots: Callable[[], None] = lambda: None,
    ) -> None:
        self._source = source
        self._scorer = scorer
        self._checkpoint = checkpoint
        self._epochs, self._state, self._labels = scorer.epochs, scorer.state, scorer.labels
        self._orders, self._stops, self._schemas = orders, Stops(source), SchemaWaits()
        self._life = life
        self._max_messages = max_messages
        self._clock = clock
        self._between_lots = between_lots
        self._handovers = 0
        self._heard = False
        self._lag_said_at = 0.0
        self._lags = Lags()
        self._refused = Notices("records.refused")
        self._marked = Notices("records.marked")
        self.handled = 0

    def run(self) -> None:
        """Returns when asked to end or when enough was handled; what is pending is finished first.

        A worker that is drained by order does not join, or leaves, and waits until it is taken back; a fresh process
        joins then.
        """
        self._orders.begin(self._life)
        self._heard = True
        self._orders.wait_while_drained(self._life)
        self._checkpoint.start()
        self._labels.begin(FROM_THE_BEGINNING, life=self._life)
        self._labels.catch_up(self._state.labels, self._life)
        self._source.begin()
        while not self._life.ending and self._left() > 0 and not self._orders.drained:
            self._turn()
        drained = self._orders.drained is not None and not self._life.ending
        log.info("worker.ending", why=self._life.why or ("drained by order" if drained else "enough was handled"))
        self._checkpoint.close()
        self._state.close(self._labels.offsets())
        self._source.close()
        log.info("worker.ended", handled=self.handled)
        if drained:
            self._orders.wait_while_drained(self._life)
            if not self._life.ending:
                raise RestartMe("it was drained by order, and is taken back by order")

    @property
    def waits_for(self) -> str:
        """What there is to be done before it scores; empty when it is ready, be it without any partition."""
        if not self._life.alive:
            return "the loop stands still"
        if order := self._orders.drained:
            return f"drained by order of {order.who}"
        if not self._heard:
            return "what was ordered is not read yet"
        if self._source.handovers == 0:
            return "no partitions were assigned yet"
        if waiting := self._source.waiting:
            return f"restoring {len(waiting)} partitions"
        behind = sum(self._source.behind().values())
        return f"reading {behind} offsets again" if behind else ""

    def _turn(self) -> None:
        self._life.turn()
        self._between_lots()
        self._stops.keep(self._orders.learn(), self._schemas.waiting(self._source.positions))
        self._labels.between_lots(self._state.labels, self._state.oldest_ms)
        fetched = self._source.fetch(self._left())
        self._say_lag()
        if fetched is None:
            self._checkpoint.idle()
        elif scored := self._score(fetched):
            self._publish(scored)
            self._lags.handled(fetched.raw)
        if not self._source.owed:
            self._state.write_due(self._labels.offsets())

    def _publish(self, scored: Scored) -> None:
        with metrics.child(metrics.STAGE_SECONDS, "publish").time():
            self._checkpoint.publish(scored.pending)
        self.handled += scored.tally.rows
        count(scored.tally, self._clock())
        self._refused.hear(scored.tally.refused)
        self._marked.hear({name: rows for name, rows in scored.tally.marks.items() if name not in EXPECTED_NAMES})

    def _left(self) -> int:
        return 2**31 if self._max_messages is None else self._max_messages - self.handled

    def _score(self, fetched: Fetched) -> Scored | None:
        """None: nothing is to be published. What needs a schema registry that is away is put back, with its lot."""
        if self._source.handovers != self._handovers:
            self._handovers = self._source.handovers
            self._epochs.forget()
        partitions = {*fetched.spans, *(first_offsets(fetched.past) if fetched.past else ())}
        try:
            scored = self._scorer.score(fetched)
        except RegistryAway as away:
            self._schemas.away(away, partitions)
            self._source.put_back(fetched)
            return None
        self._schemas.answered(partitions)
        return scored

    def _say_lag(self) -> None:
        now = self._clock()
        if now - self._lag_said_at < LAG_EVERY_S:
            return
        self._lag_said_at = now
        metrics.ASSIGNMENTS.set(len(self._source.positions))
        metrics.RESTORING.set(len(self._source.waiting))
        metrics.CARDS.set(self._state.cards)
        metrics.STATE_BYTES.set(self._state.nbytes)
        metrics.CATCHING_UP.clear()
        for partition, offsets in self._source.behind().items():
            metrics.CATCHING_UP.labels(partition).set(offsets)
        self._lags.say(self._source.lag(), now)


def count(tally: Tally, now: float) -> None:
    """Counters move when a lot is committed, so that they agree with what readers see."""
    metrics.LOT_ROWS.observe(tally.rows)
    metrics.DECISION_AGE_SECONDS.observe(max(now - tally.oldest_ms / 1000, 0.0))
    for counter, by_name in (
        (metrics.DECISIONS, tally.outcomes),
        (metrics.DEAD_LETTERS, tally.refused),
        (metrics.MARKS, tally.marks),
        (metrics.CHURN_LOOKUPS, tally.churn),
    ):
        for name, number in by_name.items():
            if number:
                metrics.child(counter, name).inc(number)
    for (rule, status), number in tally.rules.items():
        if number:
            metrics.child(metrics.RULES, rule, status).inc(number)
    for name in metrics.DEGRADATIONS:
        metrics.child(metrics.DEGRADED, name).set(name in tally.degraded)
