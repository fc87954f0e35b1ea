"""The latest records of the input, some of each partition, as any reader could have them; the group never notices."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, TopicPartition

from fraudstream.doctor.clients import Heard, conf
from fraudstream.doctor.offsets import Span
from schemas.settings import Settings

ALTOGETHER: Final = 5_000
EACH: Final = 300
READ_S: Final = 4.0
POLL_S: Final = 0.2
AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Record:
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


def sample(settings: Settings, spans: Mapping[int, Span]) -> list[Record]:
    """Up to 300 a partition, fewer of each where there are many partitions; what has come after 4 s is the sample."""
    topic = settings.topics.transactions
    each = max(min(ALTOGETHER // max(len(spans), 1), EACH), 1)
    starts = {number: max(span.end - each, span.begin) for number, span in spans.items() if span.end > span.begin}
    consumer: Any = Consumer(
        conf(
            settings,
            Heard(),
            **{
                "group.id": settings.score.group,  # assigned, not subscribed: it is never joined
                "enable.auto.commit": "false",
                "isolation.level": "read_committed",
                "enable.partition.eof": "true",
                "auto.offset.reset": "earliest",
            },
        )
    )
    try:
        consumer.assign([TopicPartition(topic, number, offset) for number, offset in starts.items()])
        return _read(consumer, {number: spans[number].end for number in starts})
    finally:
        consumer.close()


def _read(consumer: Any, ends: Mapping[int, int]) -> list[Record]:  # noqa: ANN401 - the client's type has no stubs
    """A partition is done at its end as it was, or when the client says that there is no more."""
    found, pending, deadline = [], set(ends), time.monotonic() + READ_S
    while pending and time.monotonic() < deadline:
        for message in consumer.consume(AT_ONCE, POLL_S):
            partition = message.partition()
            if message.error():
                if message.error().code() == KafkaError._PARTITION_EOF:  # noqa: SLF001
                    pending.discard(partition)
            elif message.offset() < ends[partition]:
                found.append(_record(message))
            else:
                pending.discard(partition)
    return found


def _record(message: Any) -> Record:  # noqa: ANN401 - the client's type has no stubs
    return Record(message.partition(), message.offset(), message.timestamp()[1], message.key(), message.value())
