"""A few weeks of transactions and verdicts on a deployment's topics, with the times of then, so that no row is cold."""

import io
import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from fastavro import schemaless_writer
from support.deployment import Deployment
from support.label_topic import encoded, label, put

from schemas.contracts import DECISION
from schemas.orders import Order, Verb
from schemas.settings import Settings
from schemas.topics import Role

HOUR = 3_600_000
DAY = 24 * HOUR
T0 = 1_767_571_200_000
DAYS = 50
WARM = 31
"""After so many days the longest window is covered."""
AHEAD_MS = 25 * 60_000
"""Rows so far ahead of the clock are of a step whose labels nobody can have."""


@dataclass(frozen=True)
class Sent:
    row: Mapping[str, Any]
    stamp: int
    """Record timestamp."""


def transactions(count: int, days: int = DAYS) -> list[Sent]:
    """In the order in which they are published: some late, some twice, some of the future, some extreme."""
    sent: list[Sent] = []
    for number in range(count):
        stamp = T0 + number * days * DAY // count
        at = stamp - (number % 5) * 9 * HOUR if number % 37 == 5 else stamp
        at = stamp + 2 * DAY if number % 211 == 9 else at
        row = transaction(number, at)
        if number % 61 == 60:
            row = dict(sent[-40].row)
        sent.append(Sent(row, stamp))
    return sent


def transaction(number: int, at: int) -> dict[str, Any]:
    return {
        "event_id": f"event-{number}",
        "event_time": at,
        "card_id": f"card-{number * 7 % 40}",
        "customer_id": str(number % 20),
        "terminal_id": f"term-{number % 7}",
        "amount_minor": 900_000 if number % 23 == 3 else 1_000 + 37 * (number % 91),
        "currency": "EUR",
        "country": "DE" if number % 11 else "BR",
        "device_id": f"device-{number % 5}",
        "channel": "ONLINE" if number % 3 else "CHIP",
    }


def publish(settings: Settings, sent: Sequence[Sent], *, bad: int = 0) -> None:
    """Every `bad`-th is followed by what is no transaction."""
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap, "partitioner": "murmur2_random"})
    for number, each in enumerate(sent):
        key, topic = str(each.row["card_id"]).encode(), settings.topics.transactions
        producer.produce(topic, json.dumps(each.row).encode(), key, timestamp=each.stamp)
        if bad and number % bad == 0:
            producer.produce(topic, b"no transaction", key, timestamp=each.stamp)
    assert producer.flush(30) == 0


def publish_labels(settings: Settings, sent: Sequence[Sent], known_ms: int | None = None) -> None:
    """A verdict on every third: known a day later, or at that time."""
    encode, client = encoded(settings), Producer({"bootstrap.servers": settings.kafka.bootstrap})
    records = []
    for number, each in enumerate(sent):
        if number % 3 == 0:
            names = ("event_id", "card_id", "terminal_id", "amount_minor", "event_time")
            fraud = each.row["amount_minor"] > 100_000
            value = encode(label(number, **{name: each.row[name] for name in names}, is_fraud=fraud))
            records.append((str(each.row["card_id"]).encode(), value, known_ms or each.stamp + DAY))
    put(client, settings, records)


def order(settings: Settings, verb: Verb, partition: int, offset: int, before: int | None = None) -> None:
    given = Order(
        verb=verb,
        group=settings.score.group,
        who="ada",
        why="a test",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        partition=partition,
        offset=offset,
        before=before,
    )
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap})
    producer.produce(settings.topics.orders, given.to_bytes(), partition=0)
    assert producer.flush(30) == 0


def with_orders(settings: Settings) -> Settings:
    """With a topic of orders of its own, in which nothing was ordered."""
    return _with_topic(settings, Role.ORDERS)


Alter = Callable[[dict[str, Any]], Iterator[dict[str, Any]]]


def decided_again(deployment: Deployment, alter: Alter) -> Settings:
    """Settings with another topic of flags: the same ones in the same places, but for what `alter` makes of each."""
    settings = _with_topic(deployment.settings, Role.FLAGS)
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap})
    read = deployment.read(Role.FLAGS)
    for message, decision in zip(read.messages, read.decisions, strict=True):
        for each in alter(decision):
            payload = io.BytesIO(message.value()[:10])
            payload.seek(0, io.SEEK_END)
            schemaless_writer(payload, DECISION.schema, each)
            stamp = message.timestamp()[1]
            producer.produce(
                settings.topics.flags, payload.getvalue(), message.key(), message.partition(), timestamp=stamp
            )
    assert producer.flush(30) == 0
    return settings


def recorded_again(deployment: Deployment, alter: Callable[[dict[str, Any]], dict[str, Any]]) -> Settings:
    """Settings with another input: the same records at the same offsets, but for what `alter` makes of each.

    Of an input without transactions, since markers of those take offsets too.
    """
    settings = _with_topic(deployment.settings, Role.TRANSACTIONS)
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap})
    for message in deployment.read(Role.TRANSACTIONS).messages:
        value = message.value()
        if value.startswith(b"{"):
            value = json.dumps(alter(json.loads(value))).encode()
        place = (message.partition(),)
        producer.produce(settings.topics.transactions, value, message.key(), *place, timestamp=message.timestamp()[1])
    assert producer.flush(30) == 0
    return settings


def _with_topic(settings: Settings, role: Role) -> Settings:
    name = f"{settings.topics.name(role)}-{uuid.uuid4().hex[:6]}"
    topic = NewTopic(name, settings.topics.partitions, 1, config={"retention.ms": "-1"})
    admin = AdminClient({"bootstrap.servers": settings.kafka.bootstrap})
    admin.create_topics([topic])[name].result(timeout=15)
    return settings.model_copy(update={"topics": settings.topics.model_copy(update={role.value: name})})


def scored(deployment: Deployment, *, step: str = "10m") -> list[Sent]:
    """Scored by one worker in middling lots, by its successor in tiny ones, by two at once, and with stalled labels.

    One record is skipped by order.
    """
    settings, sent = deployment.settings, transactions(2400)
    given = {"score_start": "earliest", "output_scores": "true", "labels_step": step}
    publish(settings, sent[:1500], bad=100)
    publish_labels(settings, sent)
    assert deployment.score("--max-messages", "1515", **given, score_lot_rows="300") == 0
    publish(settings, sent[1500:])
    order(settings, Verb.SKIP, 1, deployment.committed()[1] + 5)
    assert deployment.score("--max-messages", "400", **given, score_lot_rows="7") == 0
    process = deployment.start("--workers", "2", **given)
    count = len(sent)
    deployment.await_records(Role.SCORES, count - 1)
    for number in range(3):
        now = time.time_ns() // 1_000_000
        rows = [transaction(10_000 + 100 * number + each, now + AHEAD_MS) for each in range(60)]
        ahead = [Sent(row, now + AHEAD_MS) for row in rows]
        publish(settings, ahead)
        sent, count = sent + ahead, count + len(ahead)
        deployment.await_records(Role.SCORES, count - 1)
        publish_labels(settings, sent[number::5], now - 2 * DAY)
        time.sleep(1.5)
    assert deployment.stop(process) == 0
    return sent
