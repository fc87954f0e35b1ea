"""Offsets of what was delivered, and is not committed yet: the low-latency mode delivers first.

What is owed goes with its partition: whoever has it next reads from what was committed, and answers the rest again.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from consumer.beginning import checked
from consumer.faults import ending, error_of
from consumer.lots import Span
from consumer.metrics import CHECKPOINTS

log = structlog.get_logger(__name__)


class Owed:
    """Empty where lots are committed as they are published."""

    def __init__(self, consumer: Consumer, as_offsets: Callable[[Mapping[int, Span]], list[TopicPartition]]) -> None:
        self._consumer, self._as_offsets = consumer, as_offsets
        self._spans: dict[int, Span] = {}

    def __bool__(self) -> bool:
        return bool(self._spans)

    def add(self, delivered: Mapping[int, Span]) -> None:
        """The last lot of a partition stands for those before it."""
        self._spans.update(delivered)

    def drop(self, partitions: Collection[int]) -> None:
        """They went away: the broker would refuse it, or move their next owner's offset."""
        for each in partitions:
            self._spans.pop(each, None)

    def settle(self) -> None:
        """Commits what is owed, and waits for it. Raises KafkaException; then it is owed still."""
        try:
            answer: Any = self._consumer.commit(offsets=self._as_offsets(self._spans), asynchronous=False)
            checked(answer)
        except KafkaException as exception:
            self._failed(exception)
            raise
        CHECKPOINTS.labels("committed").inc()
        self._spans.clear()

    def settle_if_possible(self) -> None:
        """One try, where nobody can be waited for. Raises what the process must end with."""
        if not self:
            return
        try:
            self.settle()
        except KafkaException as exception:
            if end := ending(error_of(exception)):
                raise end from exception

    def _failed(self, exception: KafkaException) -> None:
        CHECKPOINTS.labels("failed").inc()
        error = error_of(exception)
        log.warning("checkpoint.failed", error=error.name(), detail=error.str(), partitions=sorted(self._spans))
