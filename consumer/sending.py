"""Hands a lot's records to the client."""

from collections.abc import Callable
from typing import Any, Final

from consumer.lots import Pending

QUEUE_FULL_WAIT_S: Final = 0.05


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
