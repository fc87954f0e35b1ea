"""Batches that are each a transaction of their own, by one sender at a time.

Taking the transactional id ends whoever else is at it, and aborts what they had begun. A crash anywhere leaves whole
batches.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, Self

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from producer.broker import Broker
from producer.publish import producer_settings
from schemas.errors import DependencyAway, Misconfigured, RestartMe, Stop
from schemas.settings import Settings

CALL_SECONDS: Final = 5.0
PATIENCE_SECONDS: Final = 15.0
FENCED: Final = frozenset({KafkaError._FENCED, KafkaError.PRODUCER_FENCED})  # noqa: SLF001


class TakingTurns:
    """`sent_as`: what is sent, and how; `into`: the topics; `begun`: by a second sender; `again`: what then helps.

    All in words, for people.
    """

    sent_as: tuple[str, str]
    into: str
    begun: str
    again: str

    def __init__(
        self,
        settings: Settings,
        name: str,
        topics: Sequence[str],
        *,
        patience: float = PATIENCE_SECONDS,
        besides: Mapping[str, object] | None = None,
    ) -> None:
        self._patience = patience
        self._broker = Broker(settings.kafka.bootstrap)
        own = {"transactional.id": f"{settings.score.app}-{name}", "error_cb": self._broker.heard}
        self._producer = Producer(producer_settings(settings) | own | dict(besides or {}))
        self._failed: KafkaError | None = None
        for topic in topics:
            self._broker.partitions(self._producer, topic, PATIENCE_SECONDS)
        self._begin()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """All that is produced inside is on the topics when it ends, or none of it is."""
        self._failed = None
        try:
            self._producer.begin_transaction()
            yield
            self._producer.commit_transaction(self._patience)
        except KafkaException as error:
            self._abort()
            raise self._refused(self._failed or error.args[0]) from error

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
        what, sent = self.sent_as
        rights = {
            KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "WRITE on transactional ids with the prefix score.app",
            KafkaError.TOPIC_AUTHORIZATION_FAILED: f"WRITE on {self.into}",
            KafkaError.CLUSTER_AUTHORIZATION_FAILED: "IDEMPOTENT_WRITE on the cluster (brokers before 2.8)",
        }
        if right := rights.get(error.code()):
            return Misconfigured(f"{what} cannot be {sent}: {error.str()}", fix=f"grant this user {right}")
        if error.code() in FENCED:
            return RestartMe(f"somebody else has begun to {self.begun}", fix=self.again)
        away = self._broker.away(f"{what} could not be {sent}: {error.str()}")
        return DependencyAway(away.message, fix=self.again) if isinstance(away, DependencyAway) else away

    def close(self) -> None:
        self._producer.purge()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
