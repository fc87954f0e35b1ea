"""What a log still has, asked of the broker between polls: where it begins, and where a time stands in it."""

from bisect import bisect_left
from collections.abc import Callable
from typing import Any, Final

from confluent_kafka import KafkaException, TopicPartition

ASK_S: Final = 10.0
STEP_MS: Final = 60_000


class Retained:
    """Of one topic, through the client that reads it."""

    def __init__(self, client: Any, topic: str, clock_ms: Callable[[], int], step_ms: int = STEP_MS) -> None:  # noqa: ANN401
        self._client, self._topic, self._clock_ms, self._step_ms = client, topic, clock_ms, step_ms

    def low(self, partition: int) -> int:
        """The first offset there is, or will be."""
        return int(self._client.get_watermark_offsets(self._at(partition), timeout=ASK_S)[0])

    def first_at(self, partition: int, time_ms: int) -> int | None:
        """Where the first record of that time or later stands; None where there is none."""
        found = self._client.offsets_for_times([self._at(partition, max(time_ms, 0))], timeout=ASK_S)[0]
        if found.error:
            raise KafkaException(found.error)
        return int(found.offset) if found.offset >= 0 else None

    def time_before(self, partition: int, offset: int) -> int:
        """The latest time of a record up to that offset, less at most a step, and never one that is still to come.

        Looked for from now on back, ever further, since that is where a group mostly stands: each look asks the broker.
        """
        now, far = self._clock_ms() - 1, 1

        def reached(back: int) -> bool:
            time_ms = now - back * self._step_ms
            if time_ms < 0:
                return True
            found = self.first_at(partition, time_ms)
            return found is not None and found <= offset

        while not reached(far - 1):
            far *= 2
        return max(now - bisect_left(range(far), True, lo=far // 2, key=reached) * self._step_ms, -1)

    def _at(self, partition: int, offset: int = 0) -> TopicPartition:
        return TopicPartition(self._topic, partition, offset)
