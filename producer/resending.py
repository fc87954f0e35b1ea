"""Sends dead letters back to the input, each at most once: the records and the note that they went are one transaction.

Order of effects: the transactional id is taken, which ends whoever else is sending and aborts what they had begun; then
it is read what was sent before; then, BATCH by BATCH, records to the input and an order `replayed` to the orders, and
commit. A crash anywhere leaves whole batches: what was sent is noted, what was not noted was not sent.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Final, Self

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from producer.broker import Broker
from producer.dead_letters import Letter
from producer.orders import PARTITION, standing
from producer.publish import producer_settings
from schemas import headers
from schemas.errors import DependencyAway, Misconfigured, RestartMe, Stop, Usage
from schemas.orders import Order, Verb, as_ranges
from schemas.settings import Settings

if TYPE_CHECKING:
    from schemas.standing import Standing

BATCH: Final = 500
BY_KEY: Final = -1
CALL_SECONDS: Final = 5.0
PATIENCE_SECONDS: Final = 15.0
AGAIN: Final = "run the same command again: what was sent is noted, and is not sent twice"
RIGHTS: Final = {
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "WRITE on transactional ids with the prefix score.app",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "WRITE on the input and on the topic of orders",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "IDEMPOTENT_WRITE on the cluster (brokers before 2.8)",
}
TOO_LARGE: Final = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE})
FENCED: Final = frozenset({KafkaError._FENCED, KafkaError.PRODUCER_FENCED})  # noqa: SLF001


class Resender:
    """`before` is what had been ordered, and sent back, when this one took over."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._broker = Broker(settings.kafka.bootstrap)
        own = {"transactional.id": f"{settings.score.app}-dlq-replay", "error_cb": self._broker.heard}
        self._producer = Producer(producer_settings(settings) | own)
        self._failed: KafkaError | None = None
        for topic in (settings.topics.transactions, settings.topics.orders):
            self._broker.partitions(self._producer, topic, PATIENCE_SECONDS)
        self._begin()
        self.before: Standing = standing(settings, say)

    def send(self, letters: Iterable[Letter], *, who: str, why: str, now: Callable[[], datetime]) -> Iterator[int]:
        """Yields how many have gone, batch by batch."""
        left = iter(letters)
        while batch := list(islice(left, BATCH)):
            self._failed = None
            try:
                self._producer.begin_transaction()
                self._produce(batch, who, why, now())
                self._producer.commit_transaction(PATIENCE_SECONDS)
            except KafkaException as error:
                self._abort()
                raise self._refused(self._failed or error.args[0]) from error
            yield len(batch)

    def _produce(self, batch: Sequence[Letter], who: str, why: str, at: datetime) -> None:
        offsets: dict[int, list[int]] = defaultdict(list)
        for letter in batch:
            self._letter(letter)
            offsets[letter.place.partition].append(letter.place.offset)
        for partition, sent in offsets.items():
            order = Order(
                verb=Verb.REPLAYED,
                group=self._settings.score.group,
                who=who,
                why=why,
                at=at,
                partition=partition,
                offsets=as_ranges(sent),
            )
            topic = self._settings.topics.orders
            self._producer.produce(topic, order.to_bytes(), partition=PARTITION, on_delivery=self._delivered)

    def _letter(self, letter: Letter) -> None:
        """A key decides the partition, as it does for everybody; without one it is where the record came from."""
        came_from = f"{self._settings.topics.dlq}/{letter.place}".encode()
        kept = [each for each in letter.headers or () if each[0] != headers.REPLAYED_FROM]
        self._producer.produce(
            self._settings.topics.transactions,
            letter.value,
            letter.key,
            BY_KEY if letter.key is not None or letter.origin is None else letter.origin.partition,
            headers=[*kept, (headers.REPLAYED_FROM, came_from)],
            on_delivery=self._delivered,
        )

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        """The first one says why; others are refused because of it."""
        self._failed = self._failed or error

    def _begin(self) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self._producer.poll(0)  # what ends the client for good is told there
                return self._producer.init_transactions(CALL_SECONDS)
            except KafkaException as exception:
                error: KafkaError = exception.args[0]
                if not error.retriable() or time.monotonic() > until:
                    raise self._refused(error) from exception

    def _abort(self) -> None:
        try:
            self._producer.abort_transaction(CALL_SECONDS)
        except KafkaException as error:
            self._broker.heard(error.args[0])

    def _refused(self, error: KafkaError) -> Stop:
        if right := RIGHTS.get(error.code()):
            return Misconfigured(f"dead letters cannot be sent back: {error.str()}", fix=f"grant this user {right}")
        if error.code() in TOO_LARGE:
            return Usage(f"a record is larger than the input takes: {error.str()}", fix="raise its max.message.bytes")
        if error.code() in FENCED:
            return RestartMe("somebody else has begun to send dead letters back", fix=AGAIN)
        away = self._broker.away(f"dead letters could not be sent back: {error.str()}")
        return DependencyAway(away.message, fix=AGAIN) if isinstance(away, DependencyAway) else away

    def close(self) -> None:
        self._producer.purge()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
