"""`fraudstream labels mature` on a real Kafka: each event once, however often and however it ends."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from confluent_kafka import KafkaException, Message, Producer
from fastavro import schemaless_reader
from support.deployment import Deployment
from support.typed import Typed

from producer.matured import MaturedLabels
from schemas.contracts import LABEL
from schemas.encoding import encoder
from schemas.errors import RestartMe
from schemas.framing import Framing
from schemas.partitioner import partition
from schemas.settings import Settings
from schemas.topics import Role

Labels = Callable[[], list[dict[str, Any]]]
DAY = 86_400_000
NOW = datetime.now(UTC)


def rows(deployment: Deployment, numbers: range, days: int) -> list[dict[str, object]]:
    at = int((NOW - timedelta(days=days)).timestamp() * 1000)
    return [deployment.transaction(number, event_time=at + number) for number in numbers]


@pytest.fixture
def labels(deployment: Deployment) -> Labels:
    def read() -> list[dict[str, Any]]:
        return [_label(each) for each in deployment.read(Role.LABELS).messages]

    return read


def _label(message: Message) -> dict[str, Any]:
    value: bytes = message.value() or b""
    record: Any = json.loads(value) if value[:1] == b"{" else schemaless_reader(io.BytesIO(value[10:]), LABEL.schema)
    assert message.key() == record["card_id"].encode()
    return record | {"known": message.timestamp()[1], "partition": message.partition()}


def say(settings: Settings, row: dict[str, object], *, fraud: bool) -> None:
    """A verdict of somebody else's."""
    names = [each["name"] for each in LABEL.schema["fields"]]
    label = {name: value for name, value in row.items() if name in names} | {"is_fraud": fraud, "source": "customer"}
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap, "partitioner": "murmur2_random"})
    producer.produce(settings.topics.labels, json.dumps(label).encode(), str(row["card_id"]).encode())
    assert producer.flush(30) == 0


def test_what_nobody_disputed_matures_once(
    deployment: Deployment, settings: Settings, typed: Typed, labels: Labels
) -> None:
    """Old ones without any verdict, there twice or not; known now, where the card's labels are; run again: none."""
    old, young = rows(deployment, range(40), 40), rows(deployment, range(40, 50), 5)
    deployment.publish([*old, *young, *old[:5]])
    say(settings, old[3], fraud=True)
    say(settings, old[4], fraud=False)
    told = typed.well("labels", "mature", "--dry-run").out
    assert "38 matured" in told
    assert "38 genuine verdicts would be published" in told
    assert len(labels()) == 2
    before = datetime.now(UTC).timestamp() * 1000
    assert "published 38 genuine verdicts" in typed.well("labels", "mature").out
    mine = [each for each in labels() if each["source"] == "matured"]
    assert {each["event_id"] for each in mine} == {f"event-{number}" for number in range(40)} - {"event-3", "event-4"}
    assert not any(each["is_fraud"] for each in mine)
    by_id = {row["event_id"]: row for row in old}
    for each in mine:
        assert all(each[name] == by_id[each["event_id"]][name] for name in ("terminal_id", "amount_minor", "currency"))
        assert each["partition"] == partition(each["card_id"].encode(), settings.topics.partitions, "murmur2")
        assert before - 1_000 < each["known"] < before + 60_000
    again = json.loads(typed.well("labels", "mature", "--json").out)
    assert (again["read"], again["young"], again["due"], again["published"]) == (55, 10, 0, 0)
    assert len(labels()) == 40
    assert "10 matured" in typed.well("labels", "mature", "--after", "1d").out


@pytest.fixture
def sender(settings: Settings) -> Iterator[Callable[[], MaturedLabels]]:
    made: list[MaturedLabels] = []

    def make() -> MaturedLabels:
        made.append(MaturedLabels(settings, encoder(LABEL, Framing.SINGLE_OBJECT)))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_whoever_dies_leaves_whole_batches(
    deployment: Deployment, typed: Typed, labels: Labels, sender: Callable[[], MaturedLabels]
) -> None:
    """A run that ended within a batch: the next one sends that batch and what follows, and it cannot go on itself."""
    old = rows(deployment, range(30), 40)
    deployment.publish(old)
    batch = pa.RecordBatch.from_pylist(old).select(
        ["event_id", "card_id", "terminal_id", "amount_minor", "currency", "event_time"]
    )
    dying = sender()
    dying.send(batch.slice(0, 10), int(NOW.timestamp() * 1000))
    dying._producer.begin_transaction()
    for row in old[10:15]:
        label = {name: row[name] for name in batch.schema.names} | {"is_fraud": False, "source": "matured"}
        dying._produce(label, int(NOW.timestamp() * 1000))
    dying._producer.flush(10)
    assert "published 20 genuine verdicts" in typed.well("labels", "mature").out
    assert sorted(each["event_id"] for each in labels()) == sorted(str(row["event_id"]) for row in old)
    with pytest.raises(KafkaException):
        dying._producer.abort_transaction(5)
    with pytest.raises(RestartMe, match="somebody else"):
        dying.send(batch.slice(10, 5), 0)
    assert len(labels()) == 30


def test_files_of_long_ago(
    deployment: Deployment, settings: Settings, typed: Typed, labels: Labels, tmp_path: Path
) -> None:
    """Transactions from a file, verdicts from another and from the topic; as of a day of then."""
    old = rows(deployment, range(20), 400)
    path, said = tmp_path / "old.jsonl", tmp_path / "said.csv"
    path.write_text("".join(json.dumps(row) + "\n" for row in old))
    said.write_text("event_id,is_fraud\nevent-1,1\n")
    say(settings, old[2], fraud=True)
    as_of = (NOW - timedelta(days=300)).isoformat(timespec="seconds")
    words = ("labels", "mature", path, "--labels", said, "--as-of", as_of)
    assert "published 18 genuine verdicts" in typed.well(*words).out
    mine = [each for each in labels() if each["source"] == "matured"]
    assert {each["known"] for each in mine} == {int(datetime.fromisoformat(as_of).timestamp() * 1000)}
    assert "published 0" in typed.well(*words).out


def test_verdicts_in_the_same_table_count(deployment: Deployment, typed: Typed, tmp_path: Path) -> None:
    """Frauds that only a column of the transactions tells of do not mature."""
    old = [row | {"is_fraud": n == 4} if n < 5 else row for n, row in enumerate(rows(deployment, range(8), 40))]
    path = tmp_path / "old.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in old))
    assert "3 matured" in typed.well("labels", "mature", path, "--dry-run").out


def test_nothing_is_old_enough(deployment: Deployment, typed: Typed) -> None:
    """It is said how far back the log goes."""
    deployment.publish(rows(deployment, range(3), 10))
    done = typed.well("labels", "mature")
    assert "3 younger than 30d" in done.out
    assert "keep transactions for longer than 30d, or name files" in done.err


def test_what_is_wrong_is_said(typed: Typed, tmp_path: Path) -> None:
    """Before anything is sent."""
    table = tmp_path / "table.csv"
    table.write_text("event_time,card_id,amount_minor\n2026-01-01T00:00:00Z,c,1\n")
    assert "--after long is no length of time" in typed.badly(64, "labels", "mature", "--after", "long")
    assert "is still to come" in typed.badly(64, "labels", "mature", "--as-of", "2999-01-01T00:00:00Z")
    assert "--map event_id=COLUMN" in typed.badly(64, "labels", "mature", table)
    assert "are about files" in typed.badly(64, "labels", "mature", "--labels", table)
    assert "no topic" in typed.badly(78, "labels", "mature", "--set", "topics.labels=nowhere")
    assert "does not answer" in typed.badly(69, "labels", "mature", "--bootstrap", "127.0.0.1:1")
