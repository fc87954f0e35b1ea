import itertools
import json
import time
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Message, TopicPartition, murmur2
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from fastavro import parse_schema, schemaless_reader

from fraudstream.local.running import Servers, running
from producer.columns import events, to_rows
from producer.pace import Pace
from producer.population import Population
from producer.publish import Event, Publisher
from producer.simulate import Simulation
from schemas.contracts import TRANSACTION
from schemas.encoding import encoder
from schemas.errors import DependencyAway, Misconfigured, Usage
from schemas.framing import Framing
from schemas.settings import Settings, load

START_MS = 1_767_225_600_000
PARTITIONS = 6


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return Simulation(Population.of(200, seed=7), 1, START_MS, per_day=1_000)


def read_all(settings: Settings, partitions: int = PARTITIONS) -> list[Message]:
    """What a plain consumer finds on the transactions topic, partition by partition."""
    topic = settings.topics.transactions
    consumer = Consumer({"bootstrap.servers": settings.kafka.bootstrap, "group.id": "reader"})
    try:
        parts = [TopicPartition(topic, part, 0) for part in range(partitions)]
        left = sum(consumer.get_watermark_offsets(part, timeout=10)[1] for part in parts)
        consumer.assign(parts)
        found: list[Message] = []
        deadline = time.monotonic() + 30
        while len(found) < left and time.monotonic() < deadline:
            found.extend(consumer.consume(left - len(found), timeout=1))
        assert len(found) == left
        return sorted(found, key=lambda each: (each.partition() or 0, each.offset() or 0))
    finally:
        consumer.close()


def published(settings: Settings, sent: Iterator[Event]) -> Publisher:
    publisher = Publisher(settings, settings.topics.transactions).require_topic()
    publisher.send(sent)
    publisher.close()
    return publisher


def test_every_row_arrives_as_it_was(settings: Settings, simulation: Simulation) -> None:
    """A plain consumer and plain fastavro find every row once, under its card, in the default framing."""
    rows = simulation.rows(0, 2_000)
    publisher = published(settings, events(rows, encoder(TRANSACTION, Framing.SINGLE_OBJECT)))
    found = read_all(settings)
    assert (publisher.delivered, publisher.failed) == (2_000, {})
    plain = parse_schema(json.loads(TRANSACTION.text.replace('"logicalType": "timestamp-millis"', '"doc": ""')))
    decoded = {}
    for message in found:
        value = message.value() or b""
        assert value[:10] == b"\xc3\x01" + TRANSACTION.fingerprint
        row = schemaless_reader(BytesIO(value[10:]), plain, None)
        assert isinstance(row, dict)
        assert message.key() == row["card_id"].encode()
        decoded[row["event_id"]] = row
    assert len(found) == 2_000
    assert decoded == {row["event_id"]: row for row in to_rows(rows)}


def test_partitions_are_those_of_the_java_client(settings: Settings, simulation: Simulation) -> None:
    """A card's partition is murmur2 of its id, and its events keep their order there."""
    rows = simulation.rows(0, 3_000)
    published(settings, events(rows, encoder(TRANSACTION, Framing.JSON)))
    found = read_all(settings)
    assert {message.partition() for message in found} == set(range(PARTITIONS))
    assert all(message.partition() == murmur2(message.key() or b"", PARTITIONS) for message in found)
    sent = rows["event_id"].to_pylist()
    for _, of_one in itertools.groupby(found, key=lambda message: message.partition()):
        order = [json.loads(message.value() or b"")["event_id"] for message in of_one]
        assert order == [event_id for event_id in sent if event_id in set(order)]


def test_java_partition_of_a_known_key(settings: Settings) -> None:
    """The key `card-000001` goes where Kafka's own hash puts it, computed here by hand."""
    published(settings, iter([Event(b"card-000001", b"x")]))
    assert [message.partition() for message in read_all(settings)] == [by_hand(b"card-000001") % PARTITIONS]


def by_hand(key: bytes) -> int:
    """Murmur2 as the Kafka protocol's clients agree on it, without its sign bit."""
    mixed = 0x9747B28C ^ len(key)
    whole = len(key) - len(key) % 4
    for at in range(0, whole, 4):
        part = int.from_bytes(key[at : at + 4], "little") * 0x5BD1E995 & 0xFFFFFFFF
        mixed = (mixed * 0x5BD1E995 ^ (part ^ part >> 24) * 0x5BD1E995) & 0xFFFFFFFF
    if whole < len(key):
        mixed = (mixed ^ int.from_bytes(key[whole:], "little")) * 0x5BD1E995 & 0xFFFFFFFF
    mixed = (mixed ^ mixed >> 13) * 0x5BD1E995 & 0xFFFFFFFF
    return (mixed ^ mixed >> 15) & 0x7FFFFFFF


def test_crc32_is_the_other_partitioner(settings: Settings, simulation: Simulation) -> None:
    """With `crc32` a card's partition is librdkafka's default, which differs from Java's."""
    other = settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"partitioner": "crc32"})})
    published(other, events(simulation.rows(0, 500), encoder(TRANSACTION, Framing.JSON)))
    found = read_all(settings)
    assert all(message.partition() == zlib.crc32(message.key() or b"") % PARTITIONS for message in found)


def test_record_timestamps(settings: Settings, simulation: Simulation) -> None:
    """Records are stamped with the moment of sending, or with the event time when told so."""
    encode = encoder(TRANSACTION, Framing.JSON)
    before = int(time.time() * 1000)
    published(settings, events(simulation.rows(0, 10), encode))
    assert all(before <= message.timestamp()[1] <= time.time() * 1000 for message in read_all(settings))
    published(settings, events(simulation.rows(10, 10), encode, stamp_event_time=True))
    stamped = [each for each in map(json_of, read_all(settings)) if each["event_id"] >= "sim-1-000000000010"]
    assert len(stamped) == 10
    assert all(each["event_time"] == each["timestamp"] for each in stamped)


def test_records_may_carry_the_time_of_arrival(settings: Settings, simulation: Simulation) -> None:
    """History keeps the record timestamps that the simulation gave it."""
    rows = simulation.rows(0, 10)
    published(settings, events(rows, encoder(TRANSACTION, Framing.JSON), stamp_arrival=True))
    stamps = {each["event_id"]: each["timestamp"] for each in map(json_of, read_all(settings))}
    assert stamps == dict(zip(rows["event_id"].to_pylist(), rows["timestamp"].cast("int64").to_pylist(), strict=True))


def json_of(message: Message) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(message.value() or b"")
    return row | {"timestamp": message.timestamp()[1]}


def test_keeps_the_rate_on_an_injected_clock(settings: Settings, simulation: Simulation) -> None:
    """A thousand rows at 200 per second take five seconds of the given clock, and no longer of the real one."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    pace = Pace(200.0, lambda: now[0])
    publisher = Publisher(settings, settings.topics.transactions, pace=pace, clock=lambda: now[0], sleep=sleep)
    publisher.send(events(simulation.rows(0, 1_000), encoder(TRANSACTION, Framing.JSON)))
    assert now[0] == pytest.approx(5.0, rel=0.02)
    publisher.close()
    assert publisher.delivered == 1_000


def test_back_pressure_loses_nothing(settings: Settings, simulation: Simulation) -> None:
    """A producer queue of a hundred messages takes five thousand: a full queue is waited for."""
    small = load(
        {
            "kafka.bootstrap": settings.kafka.bootstrap,
            "topics.transactions": settings.topics.transactions,
            "kafka.properties.queue.buffering.max.messages": "100",
        },
        env={},
    )
    publisher = published(small, events(simulation.rows(0, 5_000), encoder(TRANSACTION, Framing.JSON)))
    assert publisher.delivered == 5_000
    assert len(read_all(settings)) == 5_000


def test_what_the_broker_refuses_is_counted_and_named(settings: Settings) -> None:
    """A record above the limit fails with its reason, its neighbours are delivered, and the verdict says both."""
    publisher = published(settings, iter([Event(b"a", b"1"), Event(b"b", b"2" * 2_000_000), Event(b"c", b"3")]))
    assert publisher.delivered == 2
    assert publisher.failed == {"MSG_SIZE_TOO_LARGE": 1}
    verdict = publisher.verdict()
    assert isinstance(verdict, Usage)
    assert "MSG_SIZE_TOO_LARGE 1" in str(verdict)
    assert [message.value() for message in sorted(read_all(settings), key=lambda each: each.key() or b"")] == [
        b"1",
        b"3",
    ]


def test_a_missing_topic_is_said_before_anything_is_sent(services: Servers) -> None:
    """The message names the topic, the broker and the command that makes topics; the topic is not made by asking."""
    settings = load({"kafka.bootstrap": services.bootstrap}, env={})
    for _ in range(2):
        with pytest.raises(Misconfigured, match="no topic 'nowhere'") as caught:
            Publisher(settings, "nowhere").require_topic()
        assert "fraudstream topics create" in caught.value.fix


def test_no_broker(settings: Settings) -> None:
    """Where nobody listens, the end comes within the patience given and says why."""
    nobody = load({"kafka.bootstrap": "127.0.0.1:9"}, env={})
    began = time.monotonic()
    with pytest.raises(DependencyAway, match=r"127\.0\.0\.1:9 does not answer.*refused") as caught:
        Publisher(nobody, "transactions", patience=1.0).require_topic()
    assert time.monotonic() - began < 5.0
    assert "fraudstream up" in caught.value.fix


def test_a_broker_that_dies_while_publishing(tmp_path: Path) -> None:
    """When nothing has been delivered for the patience given, it ends, says how many were, and accounts for all."""
    with running(tmp_path) as servers:
        settings = with_topic(servers, partitions=2)
        publisher = Publisher(settings, settings.topics.transactions, patience=3.0)

        def until_killed() -> Iterator[Event]:
            for number in itertools.count():
                if publisher.delivered >= 1_000 and servers.kafka.process is not None:
                    servers.kafka.kill()
                yield Event(b"card-%d" % (number % 50), b"{}")

        began = time.monotonic()
        with pytest.raises(
            DependencyAway, match=r"has taken nothing for 3 s; (\d+) of \d+ messages were delivered"
        ) as caught:
            publisher.send(until_killed())
        assert time.monotonic() - began < 30.0
        assert f"; {publisher.delivered} of {publisher.delivered + publisher.failed.total()} " in str(caught.value)
        assert publisher.delivered >= 1_000
        publisher.close()


def test_a_broker_that_comes_back_in_time_costs_nothing(tmp_path: Path) -> None:
    """A broker killed and started again within the patience leaves no message lost, doubled or out of order."""
    with running(tmp_path) as servers:
        settings = with_topic(servers, partitions=1)
        publisher = Publisher(settings, settings.topics.transactions)
        publisher.send(Event(b"card", b"%d" % number) for number in range(500))
        servers.kafka.kill()
        publisher.send(Event(b"card", b"%d" % number) for number in range(500, 1_000))
        servers.kafka.start()
        publisher.close()
        assert (publisher.delivered, publisher.failed) == (1_000, {})
        assert [message.value() for message in read_all(settings, 1)] == [b"%d" % number for number in range(1_000)]


def with_topic(servers: Servers, partitions: int) -> Settings:
    settings = load({"kafka.bootstrap": servers.bootstrap}, env={})
    admin = AdminClient({"bootstrap.servers": servers.bootstrap})
    admin.create_topics([NewTopic(settings.topics.transactions, partitions, 1)])[settings.topics.transactions].result(
        15
    )
    return settings
