"""The answers of a client about a log whose records are given by offset and time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from confluent_kafka import TopicPartition


@dataclass
class Log:
    times: Mapping[int, Mapping[int, int]]
    """By partition and offset."""
    lows: Mapping[int, int] = field(default_factory=dict)
    highs: Mapping[int, int] = field(default_factory=dict)

    def get_watermark_offsets(self, asked: TopicPartition, timeout: float) -> tuple[int, int]:
        offsets = self.times.get(asked.partition, {})
        low, high = min(offsets, default=0), max(offsets, default=-1) + 1
        return self.lows.get(asked.partition, low), self.highs.get(asked.partition, high)

    def offsets_for_times(self, asked: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        found = []
        for each in asked:
            after = [offset for offset, time in self.times.get(each.partition, {}).items() if time >= each.offset]
            found.append(TopicPartition(each.topic, each.partition, min(after, default=-1)))
        return found
