"""The Kafka clients of one slot, with the settings that exactly-once and short gaps depend on.

`retry.backoff.ms` and the fetch waits decide the latency: with the library's defaults a lone record takes ten times
as long. Identity is the slot's for ever, so that a successor ends its predecessor's transaction the moment it starts.
"""

from collections.abc import Callable
from typing import Any, Final

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.settings import Settings

Properties = dict[str, str | int | float | bool]

WAITS: Final[Properties] = {
    "retry.backoff.ms": 5,
    "retry.backoff.max.ms": 200,
    "reconnect.backoff.ms": 20,
    "reconnect.backoff.max.ms": 500,
    "topic.metadata.refresh.interval.ms": 10_000,
}
FETCHING: Final[Properties] = {
    "fetch.wait.max.ms": 10,
    "fetch.error.backoff.ms": 50,
    "fetch.queue.backoff.ms": 2,
    "queued.min.messages": 100_000,
    "max.poll.interval.ms": 60_000,
}
SENDING: Final[Properties] = {
    "linger.ms": 0,
    "enable.idempotence": True,
    "queue.buffering.max.messages": 1_000_000,
    "queue.buffering.max.kbytes": 524_288,
}
BEHIND_THE_SCENES: Final[Properties] = {"queued.min.messages": 20_000, "queued.max.messages.kbytes": 16_384}
"""What a client may hold that is read whenever there is time."""
HEARTBEAT_MS: Final = 500
LOOKUP_S: Final = 10.0


def consumer(settings: Settings, identity: str, trouble: Callable[[Any], None]) -> Consumer:
    score = settings.score
    own: Properties = {
        "client.id": identity,
        "group.id": score.group,
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "enable.partition.eof": True,
        **_membership(settings, identity),
    }
    return Consumer(settings.kafka.client(**WAITS, **FETCHING, **own) | {"error_cb": trouble})


def _membership(settings: Settings, identity: str) -> Properties:
    """Under the newer protocol the broker decides about sessions, heartbeats and who gets what."""
    score = settings.score
    if score.membership == "kip848":
        return {"group.protocol": "consumer", "group.remote.assignor": "range"}
    own: Properties = {
        "partition.assignment.strategy": "range",
        "session.timeout.ms": score.session_timeout_ms,
        "heartbeat.interval.ms": min(HEARTBEAT_MS, score.session_timeout_ms // 3),
    }
    if score.membership == "static":
        own["group.instance.id"] = identity
    return own


def label_consumer(settings: Settings, identity: str, trouble: Callable[[Any], None]) -> Consumer:
    """Reads what it is assigned, and never joins the group: it has the group's name because the worker may use it."""
    own: Properties = {
        "client.id": f"{identity}-labels",
        "group.id": settings.score.group,
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "enable.partition.eof": True,
        "log_level": 2,
        "auto.offset.reset": "error",
    }
    return Consumer(settings.kafka.client(**WAITS, **FETCHING | BEHIND_THE_SCENES, **own) | {"error_cb": trouble})


def orders_consumer(settings: Settings, identity: str, trouble: Callable[[Any], None]) -> Consumer:
    """Reads what it is assigned, from its first record on; like the labels it joins nothing."""
    own: Properties = {
        "client.id": f"{identity}-orders",
        "group.id": settings.score.group,
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "enable.partition.eof": True,
        "log_level": 2,
        "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": 500,
        "queued.max.messages.kbytes": 1_024,
    }
    return Consumer(settings.kafka.client(**WAITS, **own) | {"error_cb": trouble})


def admin(settings: Settings, identity: str, trouble: Callable[[Any], None]) -> AdminClient:
    own: dict[str, Any] = {"error_cb": trouble} | settings.kafka.client(**WAITS, **{"client.id": identity})
    return AdminClient(own | {"log_level": 2})


def transactional_producer(settings: Settings, identity: str, trouble: Callable[[Any], None]) -> Producer:
    own: Properties = {
        "client.id": identity,
        "transactional.id": identity,
        "transaction.timeout.ms": settings.score.transaction_timeout_ms,
    }
    return Producer(settings.kafka.client(**WAITS, **SENDING, **own) | {"error_cb": trouble})


def idempotent_producer(settings: Settings, identity: str, trouble: Callable[[Any], None]) -> Producer:
    return Producer(settings.kafka.client(**WAITS, **SENDING, **{"client.id": identity}) | {"error_cb": trouble})


def first_offset(settings: Settings) -> Callable[[Consumer, TopicPartition], int]:
    """Where a partition begins that the group has never committed, as `score.start` says."""

    def find(client: Consumer, partition: TopicPartition) -> int:
        low, high = client.get_watermark_offsets(partition, timeout=LOOKUP_S)
        if settings.score.start == "earliest":
            return int(low)
        time = settings.score.start_time
        if time is None:
            return int(high)
        asked = TopicPartition(partition.topic, partition.partition, int(time.timestamp() * 1000))
        found = client.offsets_for_times([asked], timeout=LOOKUP_S)[0]
        if found.error:
            raise KafkaException(found.error)
        return int(found.offset) if found.offset >= 0 else int(high)

    return find
