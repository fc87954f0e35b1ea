"""`fraudstream state seed` on a real Kafka: what files tell of cards is known from the first decision on."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from support.card_oracle import DAY, HOUR
from support.deployment import Deployment, await_leaders
from support.refold import bits, decided
from support.snapshots import TERMS, book, log, put, taken
from support.typed import Typed

from consumer import keeping
from fraudstream.doctor.offsets import Offsets
from models.bank import Bank
from producer.orders import read
from schemas.lot import Checks, Decoder, Raw
from schemas.orders import Verb
from schemas.partitioner import partition
from schemas.registry import Fingerprints
from schemas.settings import Settings
from schemas.topics import Role

T0 = 1_767_571_200_000
Rows = Sequence[dict[str, Any]]


def payments(deployment: Deployment, numbers: range) -> Rows:
    """Fifty cards; some rows are copies of earlier ones, some come three days late."""
    rows = []
    for number in numbers:
        copied = 50 if number % 23 == 7 else 0
        late = 3 * DAY if number % 17 == 5 else 0
        fields = {"amount_minor": 500 + number * 37 % 9_000, "terminal_id": f"term-{number % 7}", "country": "DE"}
        rows.append(deployment.transaction(number - copied, **fields, event_time=T0 + (number - copied) * HOUR - late))
    return rows


def file_of(folder: Path, rows: Rows) -> Path:
    """With the time of arrival."""
    path = folder / "history.jsonl"
    path.write_text("".join(json.dumps(row | {"arrived": T0 + n * HOUR}) + "\n" for n, row in enumerate(rows)))
    return path


def publish(settings: Settings, rows: Rows, first: int) -> None:
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap, "partitioner": "murmur2_random"})
    for number, row in enumerate(rows, first):
        key, value = str(row["card_id"]).encode(), json.dumps(row).encode()
        producer.produce(settings.topics.transactions, value, key, timestamp=T0 + number * HOUR)
    assert producer.flush(30) == 0


def expected(settings: Settings, rows: Rows) -> list[bytes]:
    """The features of all of them as one log, each record once."""
    raw = Raw.of([Record(settings, number, row) for number, row in enumerate(rows)])
    found = Bank.of(settings).memory().see(Decoder(Fingerprints(), Checks()).decode(raw).rows)
    return [bits(each) for each in found.features]


class Record:
    """As the client would hand it out."""

    def __init__(self, settings: Settings, number: int, row: dict[str, Any]) -> None:
        self.row, self.number = row, number
        self.where = partition(str(row["card_id"]).encode(), settings.topics.partitions, "murmur2")

    def partition(self) -> int:
        return self.where

    def offset(self) -> int:
        return self.number

    def timestamp(self) -> tuple[int, int]:
        return 1, T0 + self.number * HOUR

    def key(self) -> bytes:
        return str(self.row["card_id"]).encode()

    def value(self) -> bytes:
        return json.dumps(self.row).encode()


def seed(typed: Typed, path: Path, *words: str) -> str:
    return typed.well("state", "seed", str(path), "--map", "timestamp=arrived", "--time-unit", "ms", *words).out


def commit(settings: Settings, offset: int) -> None:
    consumer = Consumer({"bootstrap.servers": settings.kafka.bootstrap, "group.id": settings.score.group})
    consumer.commit(offsets=[TopicPartition(settings.topics.transactions, 3, offset)], asynchronous=False)
    consumer.close()


def test_files_and_log_are_one_history(deployment: Deployment, typed: Typed, tmp_path: Path) -> None:
    """They overlap: what is in both counts once, and each decision has the features of the whole, to the last bit."""
    settings, rows = deployment.settings, payments(deployment, range(1_500))
    publish(settings, rows[600:1_100], 600)
    said = seed(typed, file_of(tmp_path, rows[:1_000]))
    assert "50 cards of 1,000 transactions" in said
    assert "covered from 2026-01-05T00:00:00Z to 2026-02-15T15:00:00Z" in said
    assert "labels import" in said
    assert "known to nobody" not in said
    process = deployment.start(output_scores="true")
    publish(settings, rows[1_100:], 1_100)
    decisions = deployment.await_records(Role.SCORES, 400).decisions
    assert deployment.stop(process) == 0
    assert {each["from"] for each in deployment.events() if each["event"] == "state.restored"} == {"snapshot"}
    wanted = expected(settings, rows)[1_100:]
    assert sorted(decided(decisions).values()) == sorted(wanted)
    assert not any("cold_state" in each["marks"] for each in decisions)
    unseeded = expected(settings, rows[600:])[500:]
    assert sorted(unseeded) != sorted(wanted)


def test_another_topic_is_a_history(deployment: Deployment, typed: Typed, settings: Settings) -> None:
    """The input moves to a topic with fewer partitions, so cards lie elsewhere: each is known, to the last bit."""
    rows, name = payments(deployment, range(1_200)), f"{settings.topics.transactions}-narrow"
    topics = settings.topics.model_copy(update={"transactions": name, "partitions": 4})
    narrow = settings.model_copy(update={"topics": topics})
    admin = AdminClient({"bootstrap.servers": settings.kafka.bootstrap})
    admin.create_topics([NewTopic(name, 4, 1, config={"retention.ms": "-1"})])[name].result(15)
    await_leaders(narrow)
    publish(settings, rows[:1_000], 0)
    words = ("state", "seed", "--from-topic", settings.topics.transactions, "--start", "earliest")
    assert "is the input itself" in typed.badly(64, *words)
    said = typed.well(*words, "--set", f"topics.transactions={name}").out
    assert "50 cards of 1,000 transactions" in said
    assert "in 4 partitions" in said
    process = deployment.start(output_scores="true", topics_transactions=name)
    publish(narrow, rows[1_000:], 1_000)
    decisions = deployment.await_records(Role.SCORES, 200).decisions
    assert deployment.stop(process) == 0
    assert sorted(decided(decisions).values()) == sorted(expected(narrow, rows)[1_000:])


def test_the_start_is_committed_and_on_record(
    deployment: Deployment, typed: Typed, tmp_path: Path, settings: Settings
) -> None:
    """Where it was said, else where the settings say."""
    rows = payments(deployment, range(200))
    publish(settings, rows[100:], 100)
    path = file_of(tmp_path, rows[:50])
    assert "known to nobody" in seed(typed, path, "--start", "earliest")
    assert set(deployment.committed().values()) == {0}
    found = list(read(settings, print))
    assert {(each.verb, each.offset) for each in found} == {(Verb.MOVED, 0)}
    assert str(path) in found[0].why
    later = ("--set", f"score.group={settings.score.group}-2")
    assert sum(each.offset or 0 for each in read(settings, print)) == 0
    seed(typed, path, *later, "--why", "the first day")
    assert sum(each.offset or 0 for each in read(settings, print)) == 100


def test_a_dry_run_writes_nothing(deployment: Deployment, typed: Typed, tmp_path: Path) -> None:
    """Neither state nor a start."""
    said = seed(typed, file_of(tmp_path, payments(deployment, range(50))), "--dry-run")
    assert "nothing was written" in said
    assert not (tmp_path / "state").exists()
    assert set(deployment.committed().values()) == {-1001}


def test_a_seed_that_was_interrupted_is_sown_again(deployment: Deployment, typed: Typed, tmp_path: Path) -> None:
    """Its snapshots are there and no offsets: workers refuse to start, the second one writes the same and ends it."""
    path = file_of(tmp_path, payments(deployment, range(50)))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("fraudstream.seeding.execute", killed)
        with pytest.raises(ZeroDivisionError):
            seed(typed, path)
    assert deployment.score("--max-seconds", "30", score_membership="dynamic") == 78
    before = sorted(each.name for each in (tmp_path / "state").rglob("*.snapshot"))
    until = time.monotonic() + 30
    while Offsets(deployment.settings).members() and time.monotonic() < until:
        time.sleep(0.5)  # a worker that refused has not left
    seed(typed, path)
    assert sorted(each.name for each in (tmp_path / "state").rglob("*.snapshot")) == before != []
    assert set(deployment.committed().values()) == {0}


def killed(*_: object) -> None:
    raise ZeroDivisionError


def test_a_group_that_is_no_new_one_is_not_seeded(
    deployment: Deployment, typed: Typed, tmp_path: Path, settings: Settings
) -> None:
    """It has offsets, or snapshots that a worker would go on from instead; it says what to do."""
    path = file_of(tmp_path, payments(deployment, range(50)))
    name = put(keeping.store(settings), taken(1, 70), book(log(500), TERMS).to_arrays(1))
    assert f"{name} among them" in typed.badly(64, "state", "seed", str(path))
    commit(settings, 0)
    said = typed.badly(64, "state", "seed", str(path))
    assert "is no new one, it has offsets (3: 0)" in said
    assert "operate move" in said


def test_a_group_at_work_is_not_seeded(deployment: Deployment, typed: Typed, tmp_path: Path) -> None:
    """Who is in it is named."""
    path = file_of(tmp_path, payments(deployment, range(50)))
    process = deployment.start()
    deployment.await_event("source.assigned")
    said = typed.badly(64, "state", "seed", str(path))
    assert f"is at work: {deployment.settings.score.app}" in said
    assert deployment.stop(process) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nothing to read"),
        (["nowhere.csv"], "nowhere.csv"),
        (["history.jsonl", "--start", "yesterday"], "--start yesterday"),
        (["history.jsonl", "--map", "card_id=nothing"], "nothing"),
        (["history.jsonl", "--why", "x" * 3_000], "longer than"),
        (["bad.jsonl"], "cannot be used"),
    ],
)
def test_what_is_typed_badly_is_said(
    deployment: Deployment, typed: Typed, tmp_path: Path, words: list[str], said: str
) -> None:
    """Exit code 64 and nothing written."""
    file_of(tmp_path, payments(deployment, range(20)))
    rows = [row | {"amount_minor": "many"} for row in payments(deployment, range(20))]
    (tmp_path / "bad.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert said in typed.badly(64, "state", "seed", "--time-unit", "ms", *words)
    assert not (tmp_path / "state").exists()
    assert set(deployment.committed().values()) == {-1001}
