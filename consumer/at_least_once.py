"""The low-latency mode: records are delivered, then the offsets are committed.

    1. the lot is computed; nothing has been sent
    2. produce, and wait until the broker has acknowledged every record; what it refused is sent again
    3. positions advance; the offsets after the lot are owed
    4. what is owed is committed some time after the last commit, with the lot that is delivered then, or when nothing
       comes; and before a partition stands still or is given away, and before the process ends

No lot waits for the commit of each one before it. Snapshots wait until nothing is owed: what is remembered is what is
committed then. Nothing is lost. After a crash a record may stand twice, with the same event id and source; the first
one counts. At most these are what was delivered since the last commit, and the lot that was being delivered.
"""

import time
from collections.abc import Callable
from typing import Any, Final

from confluent_kafka import KafkaException

from consumer.checkpoint import FAILURES, Source
from consumer.faults import ending, error_of
from consumer.lots import Pending
from consumer.metrics import CHECKPOINTS, RECYCLES
from consumer.sending import send
from consumer.trouble import Trouble
from schemas.errors import RestartMe

COMMIT_EVERY_S: Final = 0.05
"""While lots follow each other. A commit keeps the next lot waiting for a millisecond or two: one lot in many now."""


class AtLeastOnce:
    """`give_up` turns true when the process was asked to end and has waited long enough."""

    def __init__(
        self,
        source: Source,
        make_producer: Callable[[Trouble], Any],
        *,
        call_s: float,
        give_up: Callable[[], bool],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._make_producer = make_producer
        self._call_s = call_s
        self._give_up, self._now = give_up, now
        self._settled_at = float("-inf")
        self._trouble = Trouble("producer")
        self._producer: Any = None
        self._refused: list[Any] = []

    def start(self) -> None:
        self._producer = self._make_producer(self._trouble)

    def publish(self, pending: Pending) -> None:
        self._deliver(pending)
        pending = pending.still_at(self._source.positions)
        self._source.advance(pending.spans)
        self._source.owed.add(pending.spans)
        self._settle_if_due()

    def idle(self) -> None:
        """Also whenever the end of the log is reached, which may be after each lot."""
        self._producer.poll(0)
        self._settle_if_due()

    def close(self) -> None:
        self._producer.flush(self._call_s)
        self._settle()
        self._producer = None

    def _settle_if_due(self) -> None:
        if self._now() - self._settled_at >= COMMIT_EVERY_S:
            self._settle()

    def _settle(self) -> None:
        """Returns when all that was delivered is committed, of the partitions that are still ours."""
        for _ in range(FAILURES):
            if not self._source.owed:
                return
            try:
                self._source.owed.settle()
            except KafkaException as exception:
                self._end_or_hold(exception)
            else:
                self._settled_at = self._now()
                return
        raise RestartMe(f"{FAILURES} offset commits in a row failed")

    def _deliver(self, pending: Pending) -> None:
        """Returns when the broker has acknowledged every record; a refusal sends the whole lot again, a few times."""
        for _ in range(FAILURES):
            self._refused.clear()
            send(self._producer, pending, self._delivered)
            self._flush()
            if not self._refused:
                return
            CHECKPOINTS.labels("failed").inc()
            if end := ending(self._refused[0]):
                raise end
            if self._give_up():
                raise RestartMe(f"asked to end while the broker refused records: {self._refused[0].str()}")
            RECYCLES.inc()
            self._source.hold()
            self.start()
        raise RestartMe(f"the broker refused records {FAILURES} times in a row: {self._refused[0].str()}")

    def _flush(self) -> None:
        while self._producer.flush(self._call_s):
            if self._trouble.end:
                raise self._trouble.end
            if self._give_up():
                raise RestartMe("asked to end while the broker was away")
            self._source.hold()

    def _delivered(self, error: Any, _: Any) -> None:  # noqa: ANN401 the client's types
        if error is not None:
            self._refused.append(error)

    def _end_or_hold(self, exception: KafkaException) -> None:
        error = error_of(exception)
        if end := ending(error):
            raise end from exception
        if self._give_up():
            raise RestartMe(f"asked to end while offsets could not be committed: {error.str()}") from exception
        self._source.hold()
