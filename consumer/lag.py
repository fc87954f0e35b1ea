"""How far behind the worker is, in records and in seconds, per partition.

The seconds are how long the oldest record that is not handled yet has been waiting, at most. It came after the record
before it, whose timestamp is known, and after the moment at which nothing was waiting: the later of the two counts, so
neither a backlog nor a long silence before a lone record makes the figure wrong. Where neither is known, a partition
that was just handed over, it is how long this worker has had it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import TopicPartition

from consumer.metrics import LAG_RECORDS, LAG_SECONDS
from consumer.places import Places
from schemas.lot import Raw


@dataclass(slots=True)
class _Partition:
    """In seconds of Unix time."""

    since: float
    last_record: float | None = None
    empty_at: float | None = None

    def waited(self, now: float) -> float:
        known = [each for each in (self.last_record, self.empty_at) if each is not None]
        return max(now - max(known, default=self.since), 0.0)


class Lags:
    def __init__(self) -> None:
        self._partitions: dict[int, _Partition] = {}

    def handled(self, raw: Raw) -> None:
        """Told of each lot that was committed."""
        newest = dict(zip(raw.partition.tolist(), raw.timestamp.tolist(), strict=True))
        for partition, timestamp in newest.items():
            found = self._partitions.setdefault(partition, _Partition(timestamp / 1000))
            found.last_record = timestamp / 1000

    def say(self, behind: Mapping[int, int], now: float) -> None:
        """Told of the partitions that are ours, by how many records each is behind; forgets all others."""
        self._partitions = {each: self._partitions.get(each, _Partition(now)) for each in behind}
        LAG_RECORDS.clear()
        LAG_SECONDS.clear()
        for partition, records in behind.items():
            found = self._partitions[partition]
            if not records:
                found.empty_at = now
            LAG_RECORDS.labels(partition).set(records)
            LAG_SECONDS.labels(partition).set(found.waited(now) if records else 0.0)


def lags(client: Any, topic: str, places: Places) -> dict[int, int]:  # noqa: ANN401 - a consumer
    """Records behind the end as the client last heard of it; asks nobody."""
    ends = {each: client.get_watermark_offsets(TopicPartition(topic, each), cached=True)[1] for each in places}
    return {each: places[each].lag(end) for each, end in ends.items() if end >= 0}
