"""A topic as a log that ends where it ended when this was made: committed records only, no group, no trace."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from schemas.errors import DependencyAway, Misconfigured, Stop
from schemas.lot import Raw
from schemas.settings import Settings

PATIENCE_S: Final = 30.0
STEP_S: Final = 0.2
AT_ONCE: Final = 500
HELD_AHEAD: Final = 20_000
"""Records that the client fetches before they are asked for: what is left over is fetched again later."""
EOF: Final = KafkaError._PARTITION_EOF  # noqa: SLF001
REFUSED: Final = {
    KafkaError._AUTHENTICATION,  # noqa: SLF001
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.SASL_AUTHENTICATION_FAILED,
}
FIX_AWAY: Final = "start the broker (`fraudstream up` starts one on this machine), or name another with --bootstrap"
FIX_RIGHTS: Final = "check login and rights under [kafka.properties]; READ on the topic is needed"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some records of one partition; `next` is where the one after them is looked for."""

    raw: Raw
    next: int


class Log:
    """`begins` and `ends` are offsets by partition."""

    def __init__(
        self,
        settings: Settings,
        topic: str,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.topic = topic
        self._bootstrap, self._patience_s, self._clock = settings.kafka.bootstrap, patience_s, clock
        self._said: KafkaError | None = None
        self._consumer = Consumer(_properties(settings) | {"error_cb": self._heard})
        self.begins: dict[int, int] = {}
        self.ends: dict[int, int] = {}
        self.look_again()

    def look_again(self) -> None:
        """What was written since counts from here on."""
        for partition in self._partitions():
            low, high = self._patiently(self._watermarks, partition)
            self.begins[partition], self.ends[partition] = low, high

    def close(self) -> None:
        self._consumer.close()

    def chunk(self, partition: int, offset: int, most: int) -> Chunk:
        """The records from that offset on, up to the end of the log; `next` is then the end."""
        end = self.ends[partition]
        self._consumer.assign([TopicPartition(self.topic, partition, offset)])
        messages: list[Any] = []
        heard = self._clock()
        while len(messages) < most and offset < end:
            got = self._fetch(most - len(messages))
            heard = self._clock() if got else heard
            if self._clock() - heard > self._patience_s:
                raise self._away(f"partition {partition} stands still at offset {offset} of {end}")
            for message in got:
                if message.partition() != partition or offset >= end:
                    continue
                if message.error() is not None:
                    offset = end if self._ended(message.error()) else offset
                elif offset <= message.offset() < end:
                    messages.append(message)
                    offset = message.offset() + 1
                elif message.offset() >= end:
                    offset = end
        return Chunk(Raw.of(messages), offset)

    def _fetch(self, most: int) -> list[Any]:
        """Waits for a first one, then takes what is there."""
        first = self._consumer.poll(STEP_S)
        return [] if first is None else [first, *self._consumer.consume(min(AT_ONCE, most), 0)]

    def _ended(self, error: KafkaError) -> bool:
        if error.code() == EOF:
            return True
        self._heard(error)
        if error.code() in REFUSED:
            raise self._away(error.str())
        return False

    def _partitions(self) -> list[int]:
        for _ in range(10):
            topics = self._patiently(lambda: self._consumer.list_topics(timeout=STEP_S * 5).topics)
            if self.topic in topics:
                return sorted(topics[self.topic].partitions)
            time.sleep(STEP_S / 2)  # a broker may need a moment until it knows of a topic made just now
        raise Misconfigured(
            f"there is no topic {self.topic!r} on the broker at {self._bootstrap}",
            fix="`fraudstream topics create` makes the product's topics; settings under [topics] name others",
        )

    def _watermarks(self, partition: int) -> tuple[int, int]:
        """The end is that of committed records: nothing of a transaction still open is waited for."""
        place = TopicPartition(self.topic, partition)
        found = self._consumer.get_watermark_offsets(place, timeout=STEP_S * 5)
        if found is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001
        return int(found[0]), int(found[1])

    def _patiently(self, ask: Callable[..., Any], *about: int) -> Any:  # noqa: ANN401 - whatever is asked for
        until = self._clock() + self._patience_s
        while True:
            try:
                return ask(*about)
            except KafkaException as error:
                self._consumer.poll(0)
                if self._clock() > until or (self._said and self._said.code() in REFUSED):
                    raise self._away(error.args[0].str()) from error

    def _heard(self, error: KafkaError) -> None:
        if self._said is None or error.code() in REFUSED:
            self._said = error

    def _away(self, what: str) -> Stop:
        cause = f": {self._said.str()}" if self._said else ""
        message = f"{self.topic} cannot be read from {self._bootstrap}: {what}{cause}"
        if self._said and self._said.code() in REFUSED:
            return Misconfigured(message, fix=FIX_RIGHTS)
        return DependencyAway(message, fix=FIX_AWAY)


def _properties(settings: Settings) -> dict[str, Any]:
    own: dict[str, str | int | float | bool] = {
        "group.id": f"fraudstream-history-{uuid.uuid4().hex}",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "enable.partition.eof": True,
        "queued.min.messages": HELD_AHEAD,
        "fetch.wait.max.ms": 10,
        "log_level": 2,
    }
    return dict(settings.kafka.client(**own))
