"""Genuine verdicts on transactions that have matured, batch by batch, each in a transaction of its own.

Order of effects: the transactional id is taken, which ends whoever else is at it and aborts what they had begun; only
then is it read what was said before. A crash anywhere leaves whole batches, which the next run finds on the topic.
"""

import time
from collections.abc import Mapping
from typing import Any, Final, Self

import pyarrow as pa
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from producer.broker import Broker
from producer.columns import to_rows
from producer.form import LABELS
from producer.publish import producer_settings
from schemas.encoding import Encode
from schemas.errors import DependencyAway, Misconfigured, RestartMe, Stop
from schemas.settings import Settings

SOURCE: Final = "matured"
CALL_SECONDS: Final = 5.0
PATIENCE_SECONDS: Final = 15.0
SHORTEST_MS: Final = 1_000
AGAIN: Final = "run the same command again: what was sent is on the topic, and is not sent twice"
RIGHTS: Final = {
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "WRITE on transactional ids with the prefix score.app",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "WRITE on the topic of labels",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "IDEMPOTENT_WRITE on the cluster (brokers before 2.8)",
}
FENCED: Final = frozenset({KafkaError._FENCED, KafkaError.PRODUCER_FENCED})  # noqa: SLF001


class MaturedLabels:
    """A transaction lasts no longer than a verdict may take to be readable: half of `labels.grace`."""

    def __init__(self, settings: Settings, encode: Encode) -> None:
        self.sent = 0
        self._topic, self._encode = settings.topics.labels, encode
        self._broker = Broker(settings.kafka.bootstrap)
        most_ms = max(SHORTEST_MS, min(round(PATIENCE_SECONDS * 1_000), settings.labels.grace_ms // 2))
        self._patience = most_ms / 1_000
        own = {
            "transactional.id": f"{settings.score.app}-labels-mature",
            "transaction.timeout.ms": most_ms,
            "error_cb": self._broker.heard,
        }
        self._producer = Producer(producer_settings(settings) | own)
        self._failed: KafkaError | None = None
        self._broker.partitions(self._producer, self._topic, PATIENCE_SECONDS)
        self._begin()

    def send(self, rows: pa.RecordBatch, known_ms: int) -> None:
        """`rows` have what a label copies from its transaction. All of them are on the topic, or none is."""
        self._failed = None
        try:
            self._producer.begin_transaction()
            for row in to_rows(labelled(rows), LABELS):
                self._produce(row, known_ms)
            self._producer.commit_transaction(self._patience)
        except KafkaException as error:
            self._abort()
            raise self._refused(self._failed or error.args[0]) from error
        self.sent += rows.num_rows

    def _produce(self, row: Mapping[str, Any], known_ms: int) -> None:
        self._producer.produce(
            self._topic,
            self._encode(row),
            str(row["card_id"]).encode(),
            timestamp=known_ms,
            on_delivery=self._delivered,
        )
        self._producer.poll(0)

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
            return Misconfigured(f"labels cannot be sent: {error.str()}", fix=f"grant this user {right}")
        if error.code() in FENCED:
            return RestartMe("somebody else has begun to let transactions mature", fix=AGAIN)
        away = self._broker.away(f"labels could not be sent: {error.str()}")
        return DependencyAway(away.message, fix=AGAIN) if isinstance(away, DependencyAway) else away

    def close(self) -> None:
        self._producer.purge()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def labelled(rows: pa.RecordBatch) -> pa.RecordBatch:
    genuine = pa.repeat(pa.scalar(False), rows.num_rows)
    source = pa.repeat(pa.scalar(SOURCE), rows.num_rows)
    return rows.append_column("is_fraud", genuine).append_column("source", source)
