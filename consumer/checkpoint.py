"""Publishes a lot and commits its offsets, so that each input record is answered once whatever dies in between.

The protocol, in this order; `positions` are ours, no transaction is ever open while the input is polled:

    1. the lot is computed; nothing has been sent
    2. begin
    3. produce decisions, dead letters and epochs, each to its own partition number
    4. send the offsets after the lot, with the group metadata of this moment
    5. commit
    6. positions advance

When a call fails there are two reactions and no third:

    end       the error says fenced, fatal or forbidden: the process ends, and its successor, which has the same
              transactional id, ends what is open when it starts
    recycle   purge and drop the producer, make one with the same id and initialise it, which ends what was open;
              poll once with all partitions paused, drop rows of partitions that went away; then ask the broker:
                  committed = end of the lot      it went through, only the reply was lost: done
                  committed = start of the lot    it did not: publish the same records again
                  anything else                   another member moved on: its rows are dropped where the partition
                                                  has come back since with that position, else the process ends

Sending again without asking would double records; asking before initialising could be told a state that still
changes. A third failure in a row ends the process. A commit that took over a second, or during which the client
reported trouble, is followed by a new producer while nothing is open.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import structlog
from confluent_kafka import KafkaException

from consumer.faults import ending, error_of
from consumer.lots import Pending, Span
from consumer.metrics import CHECKPOINTS, RECYCLES
from consumer.owed import Owed
from consumer.sending import send
from consumer.trouble import Trouble
from consumer.watchdog import Watchdog
from schemas.errors import RestartMe

SLOW_S: Final = 1.0
FAILURES: Final = 3
INIT_TIMEOUT_S: Final = 5.0
BACK_OFF_S: Final = 0.05

log = structlog.get_logger(__name__)


class Source(Protocol):
    """What a checkpoint needs of the input."""

    @property
    def positions(self) -> Mapping[int, int]: ...

    @property
    def owed(self) -> Owed: ...

    def hold(self) -> None: ...

    def advance(self, spans: Mapping[int, Span]) -> None: ...

    def committed(self, partitions: list[int]) -> dict[int, int]: ...

    def group(self) -> Any: ...  # noqa: ANN401 an opaque handle of the client

    def as_offsets(self, spans: Mapping[int, Span]) -> list[Any]: ...


class ExactlyOnce:
    """See the protocol above. `give_up` turns true when the process was asked to end and has waited long enough."""

    def __init__(
        self,
        source: Source,
        make_producer: Callable[[Trouble], Any],
        watchdog: Watchdog,
        *,
        call_s: float,
        hang_s: float,
        give_up: Callable[[], bool],
    ) -> None:
        self._source = source
        self._make_producer = make_producer
        self._watchdog = watchdog
        self._call_s = call_s
        self._hang_s = hang_s
        self._give_up = give_up
        self._trouble = Trouble("producer")
        self._producer: Any = None

    def start(self) -> None:
        """Ends whatever a predecessor with this id left open. Waits for the broker, however long it takes."""
        self._producer = self._make_producer(self._trouble)
        while True:
            try:
                with self._watchdog.guard("init_transactions", INIT_TIMEOUT_S + self._hang_s):
                    self._producer.init_transactions(INIT_TIMEOUT_S)
            except KafkaException as exception:
                self._wait_or_end(exception)
            else:
                self._trouble.clear()
                return

    def publish(self, pending: Pending) -> None:
        """Returns when every record of partitions still ours is committed; raises when this process should end."""
        for failures in range(FAILURES):
            pending = self._resolve(pending) if failures else pending.still_at(self._source.positions)
            if not pending.spans:
                return
            try:
                self._transact(pending)
            except KafkaException as exception:
                self._count_and_end(exception)
                self._recycle()
            else:
                return
        raise RestartMe(f"{FAILURES} transactions in a row failed")

    def idle(self) -> None:
        """Lets the client speak while nothing is to be published."""
        self._producer.poll(0)

    def close(self) -> None:
        self._producer = None

    def _transact(self, pending: Pending) -> None:
        started = time.monotonic()
        producer, guard, hang_s = self._producer, self._watchdog.guard, self._hang_s
        with guard("begin_transaction", hang_s):
            producer.begin_transaction()
        with guard("produce", hang_s):
            send(producer, pending)
        offsets = self._source.as_offsets(pending.spans)
        with guard("send_offsets_to_transaction", hang_s):
            producer.send_offsets_to_transaction(offsets, self._source.group(), self._call_s)
        with guard("commit_transaction", hang_s):
            producer.commit_transaction(self._call_s)
        CHECKPOINTS.labels("committed").inc()
        self._source.advance(pending.spans)
        if self._trouble.heard or time.monotonic() - started > SLOW_S:
            self._recycle()

    def _recycle(self) -> None:
        RECYCLES.inc()
        self._producer.purge()
        self._producer = None
        self.start()

    def _resolve(self, pending: Pending) -> Pending:
        self._source.hold()
        committed = self._ask(list(pending.spans))
        positions = self._source.positions
        ours = {each: span for each, span in pending.spans.items() if each in positions}
        done = {each: span for each, span in ours.items() if committed[each] == span.end}
        again = {each: span for each, span in ours.items() if committed[each] == span.start}
        elsewhere = ours.keys() - done.keys() - again.keys()
        if any(positions[each] != committed[each] for each in elsewhere):
            raise RestartMe("another member moved on with a partition of the pending lot")
        self._source.advance(done)
        CHECKPOINTS.labels("resolved_done" if done else "resolved_again").inc()
        return pending.only(frozenset(again)).still_at(self._source.positions)

    def _ask(self, partitions: list[int]) -> dict[int, int]:
        while True:
            try:
                return self._source.committed(partitions)
            except KafkaException as exception:
                self._wait_or_end(exception)

    def _count_and_end(self, exception: KafkaException) -> None:
        CHECKPOINTS.labels("failed").inc()
        error = error_of(exception)
        log.warning("checkpoint.failed", error=error.name(), detail=error.str())
        if end := self._trouble.end or ending(error):
            raise end from exception

    def _wait_or_end(self, exception: KafkaException) -> None:
        error = error_of(exception)
        self._producer.poll(0)
        if end := self._trouble.end or ending(error):
            raise end from exception
        if self._give_up():
            raise RestartMe(f"asked to end while the broker was away: {error.str()}") from exception
        log.warning("checkpoint.waiting", error=error.name(), detail=error.str())
        self._source.hold()
        time.sleep(BACK_OFF_S)
