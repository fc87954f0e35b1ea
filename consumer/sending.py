"""Hands records to the client, and hears what the client has to say meanwhile."""

from collections.abc import Callable
from typing import Any, Final

import structlog

from consumer.faults import ending
from consumer.lots import Pending
from schemas.errors import BrokerAway

QUEUE_FULL_WAIT_S: Final = 0.05

log = structlog.get_logger(__name__)


class Trouble:
    """Set by the client's error callback, which runs inside our own calls."""

    def __init__(self) -> None:
        self.heard: Exception | None = None

    def __call__(self, error: Any) -> None:  # noqa: ANN401 the client's error type
        self.heard = ending(error) or BrokerAway(error.str())
        log.warning("producer.trouble", error=error.name(), detail=error.str())

    def clear(self) -> None:
        self.heard = None


def send(producer: Any, pending: Pending, delivered: Callable[[Any, Any], None] | None = None) -> None:  # noqa: ANN401
    """Hands the records to the client; a full queue is waited for, not overrun."""
    for record in pending.records:
        while True:
            try:
                producer.produce(
                    record.topic,
                    record.value,
                    record.key,
                    record.partition,
                    headers=record.headers,
                    on_delivery=delivered,
                )
            except BufferError:
                producer.poll(QUEUE_FULL_WAIT_S)
            else:
                break
    producer.poll(0)
