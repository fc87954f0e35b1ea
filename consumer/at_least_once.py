"""The low-latency mode: records are delivered, then the offsets are committed.

    1. the lot is computed; nothing has been sent
    2. produce, and wait until the broker has acknowledged every record; what it refused is sent again
    3. commit the offsets after the lot
    4. positions advance

Nothing is lost. After a fault a record may stand twice, with the same event id and source; the first one counts.
"""

from collections.abc import Callable
from typing import Any

import structlog
from confluent_kafka import KafkaException

from consumer.checkpoint import FAILURES, Source
from consumer.faults import ending, error_of
from consumer.lots import Pending
from consumer.metrics import CHECKPOINTS, RECYCLES
from consumer.sending import send
from consumer.trouble import Trouble
from schemas.errors import RestartMe

log = structlog.get_logger(__name__)


class AtLeastOnce:
    """`give_up` turns true when the process was asked to end and has waited long enough."""

    def __init__(
        self,
        source: Source,
        make_producer: Callable[[Trouble], Any],
        *,
        call_s: float,
        give_up: Callable[[], bool],
    ) -> None:
        self._source = source
        self._make_producer = make_producer
        self._call_s = call_s
        self._give_up = give_up
        self._trouble = Trouble("producer")
        self._producer: Any = None
        self._refused: list[Any] = []

    def start(self) -> None:
        self._producer = self._make_producer(self._trouble)

    def publish(self, pending: Pending) -> None:
        self._deliver(pending)
        for _ in range(FAILURES):
            pending = pending.still_at(self._source.positions)
            if not pending.spans:
                return
            try:
                self._source.commit(pending.spans)
            except KafkaException as exception:
                self._end_or_hold(exception)
            else:
                CHECKPOINTS.labels("committed").inc()
                self._source.advance(pending.spans)
                return
        raise RestartMe(f"{FAILURES} offset commits in a row failed")

    def idle(self) -> None:
        self._producer.poll(0)

    def close(self) -> None:
        self._producer.flush(self._call_s)
        self._producer = None

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
        CHECKPOINTS.labels("failed").inc()
        error = error_of(exception)
        if end := ending(error):
            raise end from exception
        log.warning("checkpoint.failed", error=error.name(), detail=error.str())
        self._source.hold()
