"""What topics hold, read as the scorer reads it, up to the ends there were at the start."""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import pyarrow as pa
import pytest
from confluent_kafka import Producer
from fastavro import schemaless_writer
from support.deployment import NOW_MS, Deployment

from batch.history import topic_history
from batch.history.log import Log
from batch.history.rejects import Rejects
from batch.history.topic_history import TopicHistory
from models.hashing import hash_strings
from models.money import Money
from schemas.contracts import LABEL, TRANSACTION, Contract
from schemas.encoding import encoder
from schemas.errors import DependencyAway, Misconfigured, Usage
from schemas.framing import Framing
from schemas.lot import SCHEMA
from schemas.registry import Registry
from schemas.settings import Settings

Sent = Sequence[tuple[bytes | None, bytes, int]]
"""Key, value, record timestamp."""


def send(settings: Settings, topic: str, records: Sent, **more: Any) -> None:
    config = {"bootstrap.servers": settings.kafka.bootstrap, "partitioner": "murmur2_random"}
    producer = Producer(config | more)
    if more:
        producer.init_transactions()
        producer.begin_transaction()
    for key, value, stamp in records:
        producer.produce(topic, value, key, timestamp=stamp)
    assert producer.flush(30) == 0
    if more:
        producer.abort_transaction()


def transactions(deployment: Deployment, numbers: range) -> Sent:
    rows = [deployment.transaction(number) for number in numbers]
    return [(str(row["card_id"]).encode(), json.dumps(row).encode(), int(str(row["event_time"]))) for row in rows]


def label(number: int) -> dict[str, Any]:
    return {
        "event_id": f"event-{number}",
        "card_id": f"card-{number % 50}",
        "terminal_id": "term-1",
        "amount_minor": 1_000,
        "currency": "USD",
        "event_time": NOW_MS + number,
        "is_fraud": number % 3 == 0,
        "source": "customer",
    }


@contextmanager
def history(settings: Settings, most: float = 0.5, **given: Any) -> Iterator[TopicHistory]:
    with closing(TopicHistory(settings, given.pop("money", Money()), Rejects(most), **given)) as found:
        yield found


def rows_of(found: TopicHistory) -> list[dict[str, Any]]:
    lots = list(found.transactions())
    assert all(lot.schema.equals(SCHEMA) for lot in lots)
    return [row for lot in lots for row in lot.to_pylist()]


def test_every_partition_in_order_of_arrival(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Partitions and offsets are real, bad records are counted with their place, and it may be asked again."""
    monkeypatch.setattr(topic_history, "HELD_ROWS", 100)
    monkeypatch.setattr(topic_history, "FEWEST", 10)
    settings, topic = deployment.settings, deployment.settings.topics.transactions
    records = [*transactions(deployment, range(500)), (b"x", b"{broken", NOW_MS)]
    send(settings, topic, records)
    with history(settings) as found:
        first, second = rows_of(found), rows_of(found)
        assert first == second
        assert [row["event_id"] for row in first] == [f"event-{number}" for number in range(500)]
        assert {row["partition"] for row in first} == set(range(settings.topics.partitions))
        for partition in range(settings.topics.partitions):
            offsets = [row["offset"] for row in first if row["partition"] == partition]
            assert offsets == sorted(offsets)
        assert all(row["timestamp"] == NOW_MS + number for number, row in enumerate(first))
        assert found.account.rejected == {"invalid_json": 1}
        assert found.account.read == 501
        assert found.share == 1.0
        assert found._rejects.first[0].place.startswith(f"{topic}/")


def test_only_what_was_there_and_is_committed(deployment: Deployment) -> None:
    """What comes later, or was never committed, is no part of it; nobody waits for the marker at its end."""
    settings, topic = deployment.settings, deployment.settings.topics.transactions
    send(settings, topic, transactions(deployment, range(100)))
    send(settings, topic, transactions(deployment, range(100, 150)), **{"transactional.id": f"t-{topic}"})
    with history(settings) as found:
        send(settings, topic, transactions(deployment, range(200, 300)))
        assert [row["event_id"] for row in rows_of(found)] == [f"event-{number}" for number in range(100)]


def test_nothing_is_left_behind(deployment: Deployment) -> None:
    """Reading commits nothing, so that the scorer's place stays."""
    settings = deployment.settings
    send(settings, settings.topics.transactions, transactions(deployment, range(20)))
    with history(settings) as found:
        assert len(rows_of(found)) == 20
    assert set(deployment.committed().values()) == {-1001}


def test_empty_topics(deployment: Deployment) -> None:
    """They have no rows and no labels, and that is no error here."""
    with history(deployment.settings) as found:
        assert rows_of(found) == []
        assert list(found.labels()) == []
        assert found.truths() is None
        assert found.share is None


def encoded(framing: Framing, contract: Contract, settings: Settings, topic: str) -> Callable[[dict[str, Any]], bytes]:
    return encoder(contract, framing, lambda each: Registry.of(settings).register(each, f"{topic}-value"))


def test_labels_in_every_framing(deployment: Deployment, registry_url: str) -> None:
    """Known at their record timestamps; amounts are in the reference currency; bad ones are counted."""
    registry = deployment.settings.registry.model_copy(update={"url": registry_url})
    settings = deployment.settings.model_copy(update={"registry": registry})
    topic = settings.topics.labels
    records: list[tuple[bytes | None, bytes, int]] = [(b"x", b"no label", NOW_MS)]
    for number in range(90):
        encode = encoded(list(Framing)[number % 3], LABEL, settings, topic)
        records.append((f"card-{number % 50}".encode(), encode(label(number)), NOW_MS + 1_000_000 + number))
    send(settings, topic, records)
    with history(settings, money=Money("EUR", {"USD": 500_000})) as found:
        for _ in range(2):
            labels = [each for each in found.labels() if len(each)]
        known = {
            int(event): (int(amount), bool(fraud), int(when))
            for each in labels
            for event, amount, fraud, when in zip(each.event, each.amount, each.is_fraud, each.known_at, strict=True)
        }
        assert known.keys() == set(hash_strings(pa.array([f"event-{number}" for number in range(90)])).tolist())
        assert {amount for amount, _, _ in known.values()} == {500}
        assert sorted(when for _, _, when in known.values()) == [NOW_MS + 1_000_000 + number for number in range(90)]
        assert sum(fraud for _, fraud, _ in known.values()) == 30
        assert all((each.partition >= 0).all() and each.own.all() for each in labels)
        assert found.account.rejected == {"unknown_framing": 1}
        assert found.account.labels == 90


def test_too_many_bad_records_end_it(deployment: Deployment) -> None:
    """Once everything was read, with the places of the first."""
    settings = deployment.settings
    send(settings, settings.topics.transactions, [(b"x", b"broken", NOW_MS), *transactions(deployment, range(20))])
    with history(settings, most=0.001) as found, pytest.raises(Usage, match="1 of 21 transactions cannot be used"):
        rows_of(found)


def test_a_topic_that_is_not_there(settings: Settings) -> None:
    """It is named, with what makes it."""
    with pytest.raises(Misconfigured, match="no topic 'nowhere'"):
        Log(settings, "nowhere")


def test_a_broker_that_is_not_there(settings: Settings) -> None:
    """It is named after the patience has passed."""
    kafka = settings.kafka.model_copy(update={"bootstrap": "127.0.0.1:1"})
    with pytest.raises(DependencyAway, match=r"cannot be read from 127\.0\.0\.1:1"):
        Log(settings.model_copy(update={"kafka": kafka}), "transactions", patience_s=2.0)


def test_transactions_in_confluent_framing_without_a_registry(deployment: Deployment) -> None:
    """The scorer would refuse them, so they are rejects here too."""
    payload = io.BytesIO()
    schemaless_writer(payload, TRANSACTION.schema, deployment.transaction(1))
    settings = deployment.settings
    send(settings, settings.topics.transactions, [(b"card-1", b"\0\0\0\0\7" + payload.getvalue(), NOW_MS)])
    with history(settings, most=1.0) as found:
        assert rows_of(found) == []
        assert found.account.rejected == {"unknown_schema": 1}
