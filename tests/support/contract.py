"""One face for the real Kafka and the one in memory, so that the same tests run on both."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]
from confluent_kafka.cimpl import NewTopic
from support.memory_kafka import Broker, MemoryAdmin, MemoryConsumer, MemoryProducer

PATIENCE_S = 20.0
QUIET_S = 0.6
READING: dict[str, Any] = {
    "isolation.level": "read_committed",
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "error",
    "partition.assignment.strategy": "range",
    "session.timeout.ms": 6000,
    "heartbeat.interval.ms": 200,
    "fetch.wait.max.ms": 10,
    "log_level": 0,
}
LATEST: Any = OffsetSpec._values[-1]
WRITING: dict[str, Any] = {"linger.ms": 0, "retry.backoff.ms": 5, "transaction.timeout.ms": 10_000, "log_level": 0}


class Cluster(Protocol):
    """Closes the consumers that it made, when the test is over."""

    def now(self) -> float: ...

    def ms(self) -> int: ...

    def create(self, topic: str, partitions: int) -> None: ...

    def make_consumer(self, config: dict[str, Any]) -> Any: ...

    def make_producer(self, config: dict[str, Any]) -> Any: ...

    def admin(self) -> Any: ...

    def wait(self, seconds: float) -> None: ...


class InMemory:
    def __init__(self) -> None:
        self.broker = Broker()

    def now(self) -> float:
        return self.broker.clock.now

    def ms(self) -> int:
        return self.broker.clock.ms()

    def create(self, topic: str, partitions: int) -> None:
        self.broker.create(topic, partitions)

    def make_consumer(self, config: dict[str, Any]) -> Any:
        return MemoryConsumer(self.broker, config)

    def make_producer(self, config: dict[str, Any]) -> Any:
        return MemoryProducer(self.broker, config)

    def admin(self) -> Any:
        return MemoryAdmin(self.broker)

    def wait(self, seconds: float) -> None:
        self.broker.clock.sleep(seconds)


class Real:
    def __init__(self, bootstrap: str) -> None:
        self._to: dict[str, Any] = {"bootstrap.servers": bootstrap}

    def now(self) -> float:
        return time.monotonic()

    def ms(self) -> int:
        return int(time.time() * 1000)

    def create(self, topic: str, partitions: int) -> None:
        admin = AdminClient(self._to)
        admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result(timeout=15)
        asked = {TopicPartition(topic, each): LATEST for each in range(partitions)}
        deadline = self.now() + PATIENCE_S
        while any(each.exception(timeout=15) for each in admin.list_offsets(asked).values()):
            assert self.now() < deadline, "the broker does not lead the partitions it has made"
            self.wait(0.02)

    def make_consumer(self, config: dict[str, Any]) -> Any:
        return Consumer(self._to | config)

    def make_producer(self, config: dict[str, Any]) -> Any:
        return Producer(self._to | config)

    def admin(self) -> Any:
        return AdminClient(self._to)

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


class Kafka:
    """A topic of two partitions and a group that nobody else uses, and the clients that a test makes."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.unique = uuid.uuid4().hex[:12]
        self.topic, self.group = self.new_topic("input"), f"group-{self.unique}"
        self._consumers: list[Any] = []

    def new_topic(self, name: str, partitions: int = 2) -> str:
        self.cluster.create(f"{name}-{self.unique}", partitions)
        return f"{name}-{self.unique}"

    def consumer(self, group: str = "", **config: Any) -> Any:
        """Dots are underscores."""
        given = {name.replace("_", "."): value for name, value in config.items()}
        consumer = self.cluster.make_consumer(READING | {"group.id": group or self.group} | given)
        self._consumers.append(consumer)
        return consumer

    def reader(self, offset: int = 0, **config: Any) -> Any:
        """Of the first partition, in no group."""
        reader = self.consumer(f"reader-{self.unique}", **config)
        reader.assign([self.at(0, offset)])
        return reader

    def producer(self, name: str = "slot", **config: Any) -> Any:
        given = {key.replace("_", "."): value for key, value in config.items()}
        return self.cluster.make_producer(WRITING | {"transactional.id": f"{name}-{self.unique}"} | given)

    def ready(self, name: str = "slot", **config: Any) -> Any:
        """One that has ended whatever another with its id had left open."""
        producer = self.producer(name, **config)
        producer.init_transactions(PATIENCE_S)
        return producer

    def plain(self) -> Any:
        return self.cluster.make_producer({"linger.ms": 0, "log_level": 0})

    def at(self, partition: int, offset: int = -1001) -> TopicPartition:
        return TopicPartition(self.topic, partition, offset)

    def open(self, producer: Any, *values: str, partition: int = 0) -> None:
        """A transaction whose records the broker has."""
        producer.begin_transaction()
        for value in values:
            producer.produce(self.topic, value.encode(), b"key", partition)
        assert producer.flush(PATIENCE_S) == 0

    def commit(self, producer: Any, *values: str, partition: int = 0) -> None:
        self.open(producer, *values, partition=partition)
        producer.commit_transaction(PATIENCE_S)

    def abort(self, producer: Any, *values: str, partition: int = 0) -> None:
        self.open(producer, *values, partition=partition)
        producer.abort_transaction(PATIENCE_S)

    def read(self, consumer: Any, count: int) -> list[Any]:
        """So many messages, and no more for a while."""
        found: list[Any] = []
        self.until(lambda: self._taken(consumer, found) >= count, f"{count} messages")
        quiet = self.cluster.now() + QUIET_S
        while self.cluster.now() < quiet:
            self._taken(consumer, found)
        return found

    def offsets(self, consumer: Any, count: int) -> list[int]:
        return [each.offset() for each in self.read(consumer, count)]

    @staticmethod
    def _taken(consumer: Any, found: list[Any]) -> int:
        if (message := consumer.poll(0.05)) is not None:
            found.append(message)
        return len(found)

    def until(self, true: Callable[[], bool], what: str) -> None:
        deadline = self.cluster.now() + PATIENCE_S
        while not true():
            assert self.cluster.now() < deadline, f"waited in vain for {what}"

    def committed(self, partition: int = 0) -> int:
        """What the group has committed; waits for what is pending."""
        consumer = self.consumer()
        return int(consumer.committed([self.at(partition)], timeout=PATIENCE_S)[0].offset)

    def close(self) -> None:
        for consumer in self._consumers:
            with _closed_before():
                consumer.close()


@contextmanager
def _closed_before() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        assert "closed" in str(error)  # noqa: PT017 - only this one is no failure


def refusal(call: Callable[[], object]) -> KafkaError:
    """What the client said when it refused."""
    try:
        call()
    except KafkaException as exception:
        error: KafkaError = exception.args[0]
        return error
    raise AssertionError("it was not refused")
