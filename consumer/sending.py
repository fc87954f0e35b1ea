"""Hands a lot's records to the client."""

from collections.abc import Callable
from typing import Any, Final

from consumer.lots import Pending

QUEUE_FULL_WAIT_S: Final = 0.05
NOW: Final = 0
"""The client sets the record's timestamp."""


def send(producer: Any, pending: Pending, delivered: Callable[[Any, Any], None] | None = None) -> None:  # noqa: ANN401
    """Hands the records to the client; a full queue is waited for, not overrun.

    Without `delivered` nothing is said of single records: a transaction with one that was not delivered cannot commit.
    """
    produce = producer.produce
    for each in pending.records:
        for topic, value, key, partition, headers in each.calls():
            while True:
                try:  # by place, since names cost a third of the call
                    produce(topic, value, key, partition, delivered, None, NOW, headers)
                except BufferError:
                    producer.poll(QUEUE_FULL_WAIT_S)
                else:
                    break
    producer.poll(0)
