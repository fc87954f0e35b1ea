"""Orders to the workers: written to the first partition of their topic, in order, and read back from there.

An order counts once the broker has it with all its copies; `give` returns then, or raises with what became of it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicCollection
from confluent_kafka.admin import AdminClient

from producer.broker import Broker
from producer.publish import producer_settings
from producer.topic_log import TopicLog
from schemas.errors import DependencyAway, Misconfigured
from schemas.orders import OF_THE_INPUT, Order, Unreadable, parse
from schemas.settings import Settings
from schemas.standing import Standing

PARTITION: Final = 0
PATIENCE_SECONDS: Final = 15.0
STEP_SECONDS: Final = 0.05
FORBIDDEN: Final = frozenset({KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED})


class Desk:
    """Knows from the beginning that the topic is there."""

    def __init__(self, settings: Settings, patience: float = PATIENCE_SECONDS) -> None:
        self._topic, self._patience = settings.topics.orders, patience
        self._of = topic_id(settings)
        self._broker = Broker(settings.kafka.bootstrap)
        self._producer = Producer(producer_settings(settings) | {"error_cb": self._broker.heard, "linger.ms": 0})
        self._broker.partitions(self._producer, self._topic, patience)

    def give(self, orders: Sequence[Order]) -> None:
        errors: list[KafkaError] = []
        delivered: list[Message] = []

        def heard(error: KafkaError | None, message: Message) -> None:
            if error is None:
                delivered.append(message)
            else:
                errors.append(error)

        until = time.monotonic() + self._patience
        try:
            for order in stamped(orders, self._of):
                self._producer.produce(self._topic, order.to_bytes(), partition=PARTITION, on_delivery=heard)
            while len(delivered) < len(orders) and not errors and time.monotonic() < until:
                self._producer.poll(STEP_SECONDS)
        except KafkaException as exception:  # one that ends the client, such as a user that may write nowhere
            errors.append(exception.args[0])
        if errors and errors[0].code() in FORBIDDEN:
            raise Misconfigured(f"{self._topic} may not be written: {errors[0].str()}", fix="grant WRITE on the topic")
        if len(delivered) < len(orders):
            self._producer.purge()
            said = f"{len(delivered)} of {len(orders)} orders were taken by {self._topic!r}"
            raise self._broker.away(said) if not errors else DependencyAway(f"{said}: {errors[0].str()}", fix=AGAIN)


AGAIN: Final = "see what holds with `fraudstream operate show`, and order the rest again"


def read(settings: Settings, say: Callable[[str], None]) -> Iterator[Order]:
    """All that was ordered up to now, of every group. `say` hears what is no order, and is passed over."""
    with closing(TopicLog(settings, settings.topics.orders)) as log:
        begins, ends = log.begins(), log.ends()
        for messages in log.messages({PARTITION: begins[PARTITION]}, {PARTITION: ends[PARTITION]}):
            for message in messages:
                try:
                    yield parse(message.value())
                except Unreadable as error:
                    say(f"passed over {log.topic}/{PARTITION}/{message.offset()}, which is no order: {error}")


def standing(settings: Settings, say: Callable[[str], None]) -> Standing:
    """What holds for the group now."""
    return Standing(settings.score.group, topic_id(settings)).after(read(settings, say))


def stamped(orders: Sequence[Order], topic_id: str | None) -> list[Order]:
    """Those about the input say which topic that is now."""
    return [
        each.model_copy(update={"topic_id": topic_id}) if each.verb in OF_THE_INPUT and not each.topic_id else each
        for each in orders
    ]


def topic_id(settings: Settings) -> str | None:
    """Of the input; None where the broker does not say, and orders hold for whatever has its name."""
    topic = settings.topics.transactions
    client = AdminClient(settings.kafka.client(log_level=0))
    try:
        described = client.describe_topics(TopicCollection([topic]), request_timeout=PATIENCE_SECONDS)[topic]
        return str(described.result().topic_id)
    except KafkaException:
        return None
