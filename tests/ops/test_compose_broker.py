"""The broker settings of docker-compose.yml, given to a real broker with nothing but addresses changed."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from fraudstream.local import java, ports
from fraudstream.local.fetch import fetch
from fraudstream.local.guard import Guard
from fraudstream.local.jars import cache_folder, class_path
from fraudstream.local.kafka import Kafka

PLACE = re.compile(r"(0\.0\.0\.0|127\.0\.0\.1|kafka):\d+|/var/lib/kafka/data")
NOT_PROPERTIES = {"CLUSTER_ID", "KAFKA_HEAP_OPTS"}


def properties(environment: dict[str, str], moved: dict[str, str]) -> dict[str, str]:
    """As the image reads them: KAFKA_NODE_ID is node.id. What `moved` names is somewhere else here."""
    return {
        name.removeprefix("KAFKA_").lower().replace("_", "."): PLACE.sub(lambda found: moved[found[0]], value)
        for name, value in environment.items()
        if name not in NOT_PROPERTIES
    }


@dataclass(slots=True, kw_only=True)
class Composed(Kafka):
    """Starts with the given properties instead of its own."""

    properties: dict[str, str] = field(default_factory=dict)

    def prepare(self) -> list[str]:
        self.settings.write_text("".join(f"{name}={value}\n" for name, value in self.properties.items()))
        self._format()
        return self._java("kafka.Kafka", str(self.settings))


@dataclass(frozen=True, slots=True)
class Sides:
    """Where the two listeners are here: what would be this machine's, and what would be the containers'."""

    host: str
    container: str


@pytest.fixture(scope="module")
def sides(services: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    rng = random.Random()
    host, container, controller = (f"{ports.HOST}:{ports.pick(rng)}" for _ in range(3))
    base = tmp_path_factory.mktemp("composed")
    moved = {
        "0.0.0.0:9092": host,
        "127.0.0.1:9092": host,
        "0.0.0.0:19092": container,
        "kafka:19092": container,
        "0.0.0.0:19093": controller,
        "kafka:19093": controller,
        "/var/lib/kafka/data": str(base / "data"),
    }
    guard = Guard()
    broker = Composed(
        base=base,
        port=int(host.rpartition(":")[2]),
        controller_port=0,
        jars=class_path(None, cache=cache_folder(), fetch=fetch),
        java=java.find(),
        guard=guard,
        properties=properties(services["kafka"]["environment"], moved),
    )
    try:
        broker.start()
        yield Sides(host, container)
    finally:
        broker.stop()
        guard.close()


def test_both_sides_are_sent_to_an_address_of_theirs(sides: Sides) -> None:
    """A client that asks one listener is told that listener's address, not the other's."""
    for address in (sides.host, sides.container):
        (broker,) = AdminClient({"bootstrap.servers": address}).list_topics(timeout=10).brokers.values()
        assert f"{broker.host}:{broker.port}" == address


def test_a_transaction_from_one_side_is_read_on_the_other(sides: Sides) -> None:
    """One broker is enough for transactions, groups and their internal topics."""
    admin = AdminClient({"bootstrap.servers": sides.host})
    admin.create_topics([NewTopic("t", 1, 1)])["t"].result(10)
    producer = Producer({"bootstrap.servers": sides.container, "transactional.id": "t"})
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce("t", b"value")
    producer.commit_transaction(30)
    consumer = Consumer({"bootstrap.servers": sides.host, "group.id": "g", "enable.auto.commit": False})
    consumer.assign([TopicPartition("t", 0, 0)])
    message = consumer.poll(20)
    assert message is not None
    assert message.value() == b"value"
    consumer.commit(message=message, asynchronous=False)
    consumer.close()


def test_nobody_makes_a_topic_by_asking_for_it(sides: Sides) -> None:
    """A misspelt topic stays missing."""
    client = Producer({"bootstrap.servers": sides.host})
    client.list_topics("misspelt", timeout=10)
    assert "misspelt" not in client.list_topics(timeout=10).topics
