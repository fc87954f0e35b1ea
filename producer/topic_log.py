"""A topic between offsets: where each partition begins and ends, and what stands there. It leaves no trace.

No group is joined, nothing is committed. Only committed records are read, each once and in the order of its partition.
A broker that is silent for `patience` seconds ends it, with the reason that the client heard.
"""

import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from producer.broker import Broker
from schemas.errors import Misconfigured
from schemas.settings import Settings

STEP_SECONDS: Final = 0.2
AT_ONCE: Final = 500
PATIENCE_SECONDS: Final = 15.0
EOF: Final = KafkaError._PARTITION_EOF  # noqa: SLF001

Offsets = Mapping[int, int]


class TopicLog:
    def __init__(self, settings: Settings, topic: str, patience: float = PATIENCE_SECONDS) -> None:
        self.topic, self._patience = topic, patience
        self._broker = Broker(settings.kafka.bootstrap)
        self._consumer = Consumer(_properties(settings) | {"error_cb": self._broker.heard})

    def close(self) -> None:
        self._consumer.close()

    def begins(self) -> Offsets:
        return {each: self._marks(each)[0] for each in range(self._partitions())}

    def ends(self) -> Offsets:
        """After the last record that there is now, by partition."""
        return {each: self._marks(each)[1] for each in range(self._partitions())}

    def at(self, time_ms: int, upper: Offsets) -> Offsets:
        """The first offsets of that time or later, those of `upper` at most."""
        asked = [TopicPartition(self.topic, each, max(time_ms, 0)) for each in upper]
        try:
            found = self._consumer.offsets_for_times(asked, timeout=self._patience)
        except KafkaException as error:
            raise self._broker.away(f"{self.topic} cannot be read: {error.args[0].str()}") from error
        return {
            each.partition: min(each.offset, upper[each.partition]) if each.offset >= 0 else upper[each.partition]
            for each in found
        }

    def messages(self, lower: Offsets, upper: Offsets) -> Iterator[list[Any]]:
        """From the one offset of a partition up to the other."""
        left = {each: end for each, end in upper.items() if lower[each] < end}
        places = [TopicPartition(self.topic, each, lower[each]) for each in left]
        self._consumer.assign(places)
        self._consumer.resume(places)  # the client remembers a pause beyond the assignment it was made in
        heard = time.monotonic()
        while left:
            first = self._consumer.poll(STEP_SECONDS)
            got = [] if first is None else [first, *self._consumer.consume(AT_ONCE, 0)]
            heard = time.monotonic() if got else heard
            if time.monotonic() - heard > self._patience:
                raise self._broker.away(f"{self.topic} cannot be read to its end")
            wanted = [each for each in got if self._wanted(each, left)]
            if wanted:
                yield wanted

    def _partitions(self) -> int:
        return self._broker.partitions(self._consumer, self.topic, self._patience)

    def _wanted(self, message: Any, left: dict[int, int]) -> bool:  # noqa: ANN401 - the client's message
        """Partitions that were read up to their end are taken out of `left`."""
        error, partition, offset = message.error(), message.partition(), message.offset()
        if error is not None and error.code() != EOF:
            if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
                raise Misconfigured(f"{self.topic} may not be read: {error.str()}", fix="grant READ on the topic")
            self._broker.heard(error)
            return False
        if partition not in left:
            return False
        wanted = error is None and offset < left[partition]
        if error is not None or offset >= left[partition] - 1:
            del left[partition]
            self._consumer.pause([TopicPartition(self.topic, partition)])
        return wanted

    def _marks(self, partition: int) -> tuple[int, int]:
        try:
            marks = self._consumer.get_watermark_offsets(TopicPartition(self.topic, partition), timeout=self._patience)
        except KafkaException as error:
            raise self._broker.away(f"{self.topic} cannot be read: {error.args[0].str()}") from error
        if marks is None:
            raise self._broker.away(f"{self.topic} cannot be read: no answer")
        return int(marks[0]), int(marks[1])


def _properties(settings: Settings) -> dict[str, Any]:
    own: dict[str, str | int | float | bool] = {
        "group.id": f"fraudstream-reader-{uuid.uuid4().hex}",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "enable.partition.eof": True,
        "log_level": 2,
    }
    return dict(settings.kafka.client(**own))
