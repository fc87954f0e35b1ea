"""Where a group stands; and where it begins, which is written down first, or it would be later the second time."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from consumer.faults import ending, error_of
from consumer.trouble import Trouble
from schemas.errors import RestartMe

CALL_TIMEOUT_S: Final = 10.0
REST_S: Final = 0.05
LEADERLESS: Final = frozenset(
    {KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError.UNKNOWN_TOPIC_OR_PART}
)
REFUSED: Final = frozenset(
    {KafkaError.ILLEGAL_GENERATION, KafkaError.UNKNOWN_MEMBER_ID, KafkaError.REBALANCE_IN_PROGRESS}
)
"""Of a commit: it was not done, and never will be."""

log = structlog.get_logger(__name__)


def committed(consumer: Consumer, topic: str, partitions: Sequence[int]) -> list[TopicPartition]:
    """Stable offsets: a transaction still open is waited for, each partition's own error is raised."""
    asked = [TopicPartition(topic, partition) for partition in partitions]
    return checked(consumer.committed(asked, timeout=CALL_TIMEOUT_S)) if asked else []


def checked(answer: list[TopicPartition]) -> list[TopicPartition]:
    """The call itself fails only where every partition does."""
    for each in answer:
        if each.error:
            raise KafkaException(each.error)
    return answer


class Beginning:
    """`partitions` were there at the start; `first_offset` decides where one begins that was never committed.

    One that was added since belongs to the group from its first record on: they were published before anybody looked.
    """

    def __init__(
        self,
        consumer: Consumer,
        topic: str,
        trouble: Trouble,
        partitions: int,
        first_offset: Callable[[Consumer, TopicPartition], int],
    ) -> None:
        self._consumer, self._topic, self._trouble = consumer, topic, trouble
        self._partitions, self._first_offset = partitions, first_offset

    def of(self, partition: int) -> int:
        asked = TopicPartition(self._topic, partition)
        if partition < self._partitions:
            return self._first_offset(self._consumer, asked)
        return self._low(asked)

    def _low(self, asked: TopicPartition) -> int:
        """Waits for a leader, which a partition that was just added may not have yet. Whoever died of that would leave
        nothing written down, and its successor would take the partition for one that was always there.
        """
        deadline = time.monotonic() + CALL_TIMEOUT_S
        while True:
            try:
                return int(self._consumer.get_watermark_offsets(asked, timeout=CALL_TIMEOUT_S)[0])
            except KafkaException as exception:
                if error_of(exception).code() not in LEADERLESS or time.monotonic() > deadline:
                    raise
            time.sleep(REST_S)

    def record(self, starts: Mapping[int, int]) -> bool:
        """Whether it is committed; False: it was refused, and may be tried again.

        A request that nobody answered may still arrive, behind the lots that follow, and would take the group back to
        where it began. The broker refuses it once this member is gone.
        """
        offsets = [TopicPartition(self._topic, *each) for each in starts.items()]
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as exception:
            error = error_of(exception)
            if end := self._trouble.end or ending(error):
                raise end from exception
            if error.code() not in REFUSED:
                raise RestartMe(f"whether the beginning is written down is not known: {error.str()}") from exception
            log.warning("source.starts_not_recorded", error=error.name(), detail=error.str())
            return False
        return True
