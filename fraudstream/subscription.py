"""Reads a topic as anybody may, committed records only: it joins no group, commits nothing, leaves no trace."""

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Final, Self

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, Message, TopicPartition

from producer.broker import Broker
from schemas.errors import Misconfigured
from schemas.settings import Settings

END: Final = "end"
EARLIEST: Final = "earliest"
PATIENCE_SECONDS: Final = 10.0
STEP_SECONDS: Final = 0.2


class Subscription:
    """`start` is END, EARLIEST or a time in milliseconds. END is fixed when this is made, not when it is first read.

    `back` is how many offsets of each partition are read before END.
    """

    def __init__(
        self, settings: Settings, topic: str, start: str | int, patience: float = PATIENCE_SECONDS, back: int = 0
    ) -> None:
        self.topic = topic
        self._patience = patience
        self._back = back
        self._broker = Broker(settings.kafka.bootstrap)
        self._consumer = Consumer(consumer_settings(settings) | {"error_cb": self._broker.heard})
        self.partitions = self._broker.partitions(self._consumer, topic, patience)
        self._consumer.assign(self._positions(start))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def messages(self, ended: Callable[[], bool], note: Callable[[str], None]) -> Iterator[Message]:
        """Until `ended`, asked all the time, also when nothing comes. `note` hears of a broker that is away."""
        while not ended():
            message = self._consumer.poll(STEP_SECONDS)
            if self._broker.went_away():
                note(f"the broker at {self._broker.bootstrap} does not answer; waiting for it")
            if message is None:
                continue
            if (error := message.error()) is None:
                yield message
            elif error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
                raise Misconfigured(f"{self.topic} may not be read: {error.str()}", fix="grant READ on the topic")
            else:
                note(f"{self.topic}: {error.str()}; waiting")

    def answers(self, seconds: float) -> bool:
        """Whether the broker does, within that time."""
        try:
            self._consumer.list_topics(self.topic, timeout=seconds)
        except KafkaException:
            return False
        return True

    def _positions(self, start: str | int) -> list[TopicPartition]:
        """A topic made just now may have partitions that nobody leads yet: that is waited for."""
        until = time.monotonic() + self._patience
        while True:
            try:
                return self._asked(start)
            except KafkaException as error:
                if time.monotonic() > until:
                    raise self._broker.away(f"{self.topic} cannot be read: {error.args[0].str()}") from error
            time.sleep(STEP_SECONDS)

    def _asked(self, start: str | int) -> list[TopicPartition]:
        places = [TopicPartition(self.topic, number) for number in range(self.partitions)]
        if isinstance(start, int):
            asked = [TopicPartition(self.topic, each.partition, start) for each in places]
            places = self._consumer.offsets_for_times(asked, timeout=self._patience)
        for place in places:
            if start == EARLIEST:
                place.offset = OFFSET_BEGINNING
            elif start == END or place.offset == OFFSET_END:
                place.offset = self._end(place)
        return places

    def _end(self, place: TopicPartition) -> int:
        marks = self._consumer.get_watermark_offsets(place, timeout=self._patience)
        return OFFSET_END if marks is None else max(int(marks[1]) - self._back, int(marks[0]))


def consumer_settings(settings: Settings) -> dict[str, object]:
    needed: dict[str, str | int | float | bool] = {
        "group.id": f"fraudstream-reader-{uuid.uuid4().hex}",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "log_level": 2,
    }
    return dict(settings.kafka.client(**needed))
