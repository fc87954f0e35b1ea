"""Finds a transaction by its id on the input topic, the newest first: nothing there is indexed by event.

Spans of time are read one after the other, from now backwards, each longer than the one before. A record is decoded
only when the id's bytes stand in it. No group is joined, nothing is committed.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from producer.broker import Broker
from producer.columns import to_rows
from schemas.errors import Misconfigured
from schemas.lot import Checks, Decoder, Raw
from schemas.registry import Registry
from schemas.settings import Settings

FIRST_MS: Final = 3_600_000
GROWTH: Final = 6
STEP_SECONDS: Final = 0.2
AT_ONCE: Final = 500
PATIENCE_SECONDS: Final = 15.0
EOF: Final = KafkaError._PARTITION_EOF  # noqa: SLF001

Offsets = Mapping[int, int]


class Lookup:
    """`say` hears, in words, which span is being read."""

    def __init__(self, settings: Settings, say: Callable[[str], None], patience: float = PATIENCE_SECONDS) -> None:
        self._topic, self._say, self._patience = settings.topics.transactions, say, patience
        self._broker = Broker(settings.kafka.bootstrap)
        self._decoder = Decoder(Registry.of(settings), Checks())
        self._consumer = Consumer(_properties(settings) | {"error_cb": self._broker.heard})

    def close(self) -> None:
        self._consumer.close()

    def find(self, event_id: str, within_ms: int, now_ms: int) -> dict[str, Any] | None:
        """The transaction, as a row of its contract; None when none of that time has the id."""
        partitions = range(self._broker.partitions(self._consumer, self._topic, self._patience))
        upper: Offsets = {each: self._end(each) for each in partitions}
        for span_ms in _spans(within_ms):
            self._say(f"looking for {event_id} among the {self._topic} of the last {span_ms / FIRST_MS:,.4g} h")
            lower = self._at(now_ms - span_ms, upper)
            if found := self._among(event_id, lower, upper):
                return found
            upper = lower
        return None

    def _among(self, event_id: str, lower: Offsets, upper: Offsets) -> dict[str, Any] | None:
        """The last one of those offsets, partition by partition."""
        found = None
        for messages in self._messages(lower, upper):
            likely = [each for each in messages if _may_be(event_id.encode(), each.value())]
            for row in to_rows(self._decoder.decode(Raw.of(likely)).rows) if likely else ():
                found = row if row["event_id"] == event_id else found
        return found

    def _messages(self, lower: Offsets, upper: Offsets) -> Iterator[list[Any]]:
        left = {each: end for each, end in upper.items() if lower[each] < end}
        places = [TopicPartition(self._topic, each, lower[each]) for each in left]
        self._consumer.assign(places)
        self._consumer.resume(places)  # the client remembers a pause beyond the assignment it was made in
        heard = time.monotonic()
        while left:
            first = self._consumer.poll(STEP_SECONDS)
            got = [] if first is None else [first, *self._consumer.consume(AT_ONCE, 0)]
            heard = time.monotonic() if got else heard
            if time.monotonic() - heard > self._patience:
                raise self._broker.away(f"{self._topic} cannot be read to its end")
            wanted = [each for each in got if self._wanted(each, left)]
            if wanted:
                yield wanted

    def _wanted(self, message: Any, left: dict[int, int]) -> bool:  # noqa: ANN401 - the client's message
        """Partitions that were read up to their end are taken out of `left`."""
        error, partition, offset = message.error(), message.partition(), message.offset()
        if error is not None and error.code() != EOF:
            if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
                raise Misconfigured(f"{self._topic} may not be read: {error.str()}", fix="grant READ on the topic")
            self._broker.heard(error)
            return False
        if partition not in left:
            return False
        wanted = error is None and offset < left[partition]
        if error is not None or offset >= left[partition] - 1:
            del left[partition]
            self._consumer.pause([TopicPartition(self._topic, partition)])
        return wanted

    def _at(self, time_ms: int, upper: Offsets) -> Offsets:
        asked = [TopicPartition(self._topic, each, max(time_ms, 0)) for each in upper]
        try:
            found = self._consumer.offsets_for_times(asked, timeout=self._patience)
        except KafkaException as error:
            raise self._broker.away(f"{self._topic} cannot be read: {error.args[0].str()}") from error
        return {
            each.partition: min(each.offset, upper[each.partition]) if each.offset >= 0 else upper[each.partition]
            for each in found
        }

    def _end(self, partition: int) -> int:
        try:
            marks = self._consumer.get_watermark_offsets(TopicPartition(self._topic, partition), timeout=self._patience)
        except KafkaException as error:
            raise self._broker.away(f"{self._topic} cannot be read: {error.args[0].str()}") from error
        if marks is None:
            raise self._broker.away(f"{self._topic} cannot be read: no answer")
        return int(marks[1])


def _spans(within_ms: int) -> Iterator[int]:
    span_ms = FIRST_MS
    while span_ms < within_ms:
        yield span_ms
        span_ms *= GROWTH
    yield within_ms


def _may_be(wanted: bytes, value: bytes | None) -> bool:
    """In JSON an id may be written with escapes."""
    return value is not None and (wanted in value or (value.startswith(b"{") and b"\\" in value))


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
