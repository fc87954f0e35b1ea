"""Publishes messages to one topic, in order per key, and accounts for each: delivered, or failed with a reason.

Order of effects: wait for the pace, hand the message to the idempotent producer, make room when its queue is full.
`close` waits for the rest. A broker that takes nothing for `patience` seconds ends it; what is then not known to be
delivered counts as failed. It never drops a message in silence and never resends one that the broker refused.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Self

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from producer.broker import Broker
from producer.pace import Pace
from schemas.errors import DependencyAway, Misconfigured, RestartMe, Stop, Usage
from schemas.settings import Settings

PATIENCE_SECONDS: Final = 30.0
STEP_SECONDS: Final = 0.1
SERVE_SECONDS: Final = 0.01
"""How often deliveries are heard of while sending: each time costs as much as encoding a record."""
FORBIDDEN: Final = {"TOPIC_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED"}
TOO_LARGE: Final = {"MSG_SIZE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD"}


@dataclass(frozen=True, slots=True)
class Event:
    """What becomes one record; `timestamp_ms` 0 is the moment it is sent."""

    key: bytes | None
    value: bytes
    timestamp_ms: int = 0


class Publisher:
    """One producer on one topic."""

    def __init__(
        self,
        settings: Settings,
        topic: str,
        *,
        pace: Pace | None = None,
        patience: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.delivered = 0
        self.failed: Counter[str] = Counter()
        self.pace = pace
        self._topic = topic
        self._patience = patience
        self._clock = clock
        self._sleep = sleep
        self._broker = Broker(settings.kafka.bootstrap)
        self._producer = Producer(producer_settings(settings) | {"error_cb": self._broker.heard})
        self._handed_over = 0
        self._moved = clock()
        self._serve_at = self._moved

    def require_topic(self) -> Self:
        self._broker.partitions(self._producer, self._topic, min(self._patience, 10.0))
        return self

    def send(self, events: Iterable[Event]) -> None:
        for event in events:
            if self.pace:
                self._wait(self.pace.delay())
            if self._clock() >= self._serve_at:
                self._serve(0.0)
            self._hand_over(event)

    def close(self) -> None:
        """Waits for what is under way, as long as the broker takes some of it."""
        while self._under_way:
            self._serve(STEP_SECONDS)

    def abandon(self, seconds: float) -> None:
        """For an interruption: waits that long at most, and counts the rest as failed."""
        until = self._clock() + seconds
        while self._under_way and self._clock() < until:
            self._serve(STEP_SECONDS)
        self._give_up()

    def verdict(self) -> Stop | None:
        """What to raise at the end if a message failed."""
        if not self.failed:
            return None
        said = f"{self.failed.total()} messages were not taken by {self._topic!r}: {counted(self.failed)}"
        if set(self.failed) <= FORBIDDEN:
            return Misconfigured(said, fix="the producer needs WRITE on the topic")
        if set(self.failed) <= TOO_LARGE:
            return Usage(said, fix="the topic's max.message.bytes is the limit")
        return DependencyAway(said, fix="publish them again: an event that came twice has the same event_id")

    @property
    def _under_way(self) -> int:
        return self._handed_over - self.delivered - self.failed.total()

    def _hand_over(self, event: Event) -> None:
        if not self._under_way:
            self._moved = self._clock()
        self._handed_over += 1
        while True:
            try:
                self._producer.produce(
                    self._topic, event.value, event.key, timestamp=event.timestamp_ms, on_delivery=self._delivery
                )
            except BufferError:
                self._serve(STEP_SECONDS)
            except KafkaException as error:
                self._refused(error.args[0])
                return
            else:
                return

    def _delivery(self, error: KafkaError | None, _: Message) -> None:
        self._moved = self._clock()
        if error is None:
            self.delivered += 1
        else:
            self._refused(error)

    def _refused(self, error: KafkaError) -> None:
        self.failed[error.name()] += 1
        if error.fatal():
            raise RestartMe(f"the producer cannot go on: {error.str()}", fix=self._rest)

    def _wait(self, seconds: float) -> None:
        until = self._clock() + seconds
        while (left := until - self._clock()) > 0.0:
            self._sleep(min(left, STEP_SECONDS))
            self._serve(0.0)

    def _serve(self, seconds: float) -> None:
        self._producer.poll(seconds)
        self._serve_at = self._clock() + SERVE_SECONDS
        if self._under_way and self._clock() - self._moved > self._patience:
            done = f"{self.delivered} of {self._handed_over} messages were delivered"
            away = self._broker.away(
                f"the broker at {self._broker.bootstrap} has taken nothing for {self._patience:g} s; {done}"
            )
            self._give_up()
            raise away

    def _give_up(self) -> None:
        """What is still in flight may have arrived all the same; the broker's answer is no longer waited for."""
        self._producer.purge()
        self._producer.flush(STEP_SECONDS)
        if self._under_way:
            self.failed["NO_ANSWER"] += self._under_way

    @property
    def _rest(self) -> str:
        return "publish again: an event that came twice has the same event_id"


def producer_settings(settings: Settings) -> dict[str, object]:
    needed: dict[str, str | int | float | bool] = {
        "enable.idempotence": True,
        "partitioner": settings.kafka.producer_partitioner,
        "linger.ms": 5,
        "log_level": 2,
    }
    return dict(settings.kafka.client(**needed))


def counted(reasons: Counter[str]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
