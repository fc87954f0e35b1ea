"""`fraudstream operate` on a real Kafka, as people type it, well and badly."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from support.deployment import Deployment
from support.snapshots import TERMS, book, log, put, taken
from support.typed import Typed

from consumer.dead_letter_limits import Counters, encode
from consumer.snapshots.digest import fold_digest
from consumer.snapshots.store import Store
from fraudstream.orders import SETTLE_S
from producer.orders import read, standing
from schemas.orders import Order, Verb
from schemas.settings import Settings, load

WHY = ("--why", "the disk is full", "--who", "ann")
PATIENCE_S = 30.0


def orders(settings: Settings) -> list[Order]:
    return list(read(settings, print))


def commit(settings: Settings, offset: int, text: str = "", partition: int = 3) -> None:
    consumer = Consumer({"bootstrap.servers": settings.kafka.bootstrap, "group.id": settings.score.group})
    place = TopicPartition(settings.topics.transactions, partition, offset, text)
    consumer.commit(offsets=[place], asynchronous=False)
    consumer.close()


def fill(settings: Settings, count: int = 100, partition: int = 3, first_ms: int = 1_767_571_200_000) -> None:
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap})
    for number in range(count):
        stamp = first_ms + number * 1_000
        producer.produce(settings.topics.transactions, b"{}", partition=partition, timestamp=stamp)
    assert producer.flush(15) == 0


def await_end(settings: Settings, end: int, partition: int = 3) -> None:
    """The mark is written after the commit was acknowledged."""
    consumer = Consumer({"bootstrap.servers": settings.kafka.bootstrap, "group.id": "reader"})
    until = time.monotonic() + PATIENCE_S
    place = TopicPartition(settings.topics.transactions, partition)
    while consumer.get_watermark_offsets(place, timeout=10)[1] < end and time.monotonic() < until:
        time.sleep(0.02)
    consumer.close()


@pytest.fixture
def member(settings: Settings) -> Iterator[str]:
    """A worker, as far as the group knows."""
    name = f"{settings.score.app}-test-0"
    consumer = Consumer(
        {"bootstrap.servers": settings.kafka.bootstrap, "group.id": settings.score.group, "client.id": name}
    )
    consumer.subscribe([settings.topics.transactions])
    until = time.monotonic() + PATIENCE_S
    while not consumer.assignment() and time.monotonic() < until:
        consumer.poll(0.1)
    assert consumer.assignment()
    yield name
    consumer.close()


def test_orders_are_given_shown_and_taken_back(typed: Typed, settings: Settings) -> None:
    """Each with who, why and when; only what holds is shown."""
    assert typed.well("operate", "show").out == f"no orders hold for the group {settings.score.group}\n"
    assert "partition 3 pauses" in typed.well("operate", "pause", 3, *WHY).out
    assert "joins" not in typed.well("operate", "drain", "app-node-0", *WHY).out
    shown = typed.well("operate", "show").out.splitlines()
    assert shown[0].startswith("paused   partition 3, since 2")
    assert shown[0].endswith("by ann: the disk is full")
    assert shown[1].startswith("drained  app-node-0, since")
    rows = json.loads(typed.well("operate", "show", "--json").out)
    assert (rows["paused"][0]["partition"], rows["paused"][0]["why"]) == (3, "the disk is full")
    typed.well("operate", "resume", 3, *WHY)
    typed.well("operate", "undrain", "app-node-0", *WHY)
    assert typed.well("operate", "show").out.startswith("no orders hold")
    assert [each.verb for each in orders(settings)] == [Verb.PAUSE, Verb.DRAIN, Verb.RESUME, Verb.UNDRAIN]


def test_orders_of_another_group_are_not_shown(typed: Typed) -> None:
    """A shadow has its own."""
    typed.well("operate", "pause", 3, *WHY, "--set", "score.group=shadow")
    assert typed.well("operate", "show").out.startswith("no orders hold")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pause"], "PARTITION"),
        (["pause", "3"], "--why"),
        (["pause", "3", "--why", "  "], "why"),
        (["pause", "3", "--why", "x" * 3_000], "longer than"),
        (["pause", "x", *WHY], "PARTITION"),
        (["pause", "-1", *WHY], "-1"),
        (["pause", "99", *WHY], "has no partition 99"),
        (["resume", "3", *WHY], "is not paused"),
        (["resume", "99", *WHY], "has no partition 99"),
        (["skip", "3", *WHY], "OFFSET"),
        (["skip", "3", "x", *WHY], "OFFSET"),
        (["skip", "99", "1", *WHY], "has no partition 99"),
        (["skip", "3", "7", *WHY], "there is no"),
        (["skip", "3", "99999999999999999999", *WHY], "there is no"),
        (["drain", *WHY], "WORKER"),
        (["drain", "a b\x1b", *WHY], "is no worker's name"),
        (["undrain", "app-node-0", *WHY], "is not drained"),
        (["move", *WHY], "--to"),
        (["move", "--to", "end"], "--why"),
        (["move", "--to", "yesterday", *WHY], "is not a time"),
        (["move", "--to", "2026-01-05T00:00:00", *WHY], "with its zone"),
        (["move", "--to", "end", "--partition", "99", *WHY], "has no partition 99"),
        (["explode", *WHY], "explode"),
    ],
)
def test_what_is_typed_badly_is_said(typed: Typed, settings: Settings, words: list[str], said: str) -> None:
    """Exit code 64, with what was wrong; nothing is ordered."""
    done = typed("operate", *words)
    assert done.code == 64, done
    assert said in done.err
    assert orders(settings) == []


def test_what_holds_already_is_said_to(typed: Typed, settings: Settings) -> None:
    """With whose order it is."""
    for words in (["pause", 3], ["drain", "app-node-0"]):
        typed.well("operate", *words, *WHY)
        assert "already, since" in typed.badly(64, "operate", *words, *WHY)
    assert len(orders(settings)) == 2


@pytest.mark.parametrize("words", [["show"], ["pause", "3", *WHY], ["move", "--to", "end", *WHY]])
def test_a_broker_that_is_away_is_said_to_be(typed: Typed, words: list[str]) -> None:
    """Exit code 69, and how to start one."""
    assert "fraudstream up" in typed.badly(69, "operate", *words, "--bootstrap", "127.0.0.1:1")


@pytest.mark.parametrize("words", [["show"], ["pause", "3", *WHY], ["move", "--to", "end", *WHY]])
def test_a_missing_topic_of_orders_is_named(typed: Typed, deployment: Deployment, words: list[str]) -> None:
    """78, and the command that makes it; a group that cannot be recorded is not moved."""
    fill(deployment.settings, 3)
    said = typed.badly(78, "operate", *words, "--set", "topics.orders=nowhere")
    assert "'nowhere'" in said
    assert "topics create" in said
    assert set(deployment.committed().values()) == {-1001}


def test_a_record_that_may_be_decided_meanwhile_is_not_skipped(typed: Typed, settings: Settings, member: str) -> None:
    """Its partition is paused first, and workers are given the time to hear of it."""
    fill(settings)
    assert "operate pause 3" in typed.badly(64, "operate", "skip", 3, 50, *WHY)
    typed.well("operate", "pause", 3, *WHY)
    began = time.monotonic()
    done = typed.well("operate", "skip", 3, 50, *WHY)
    assert time.monotonic() - began > SETTLE_S / 2, member
    assert "then: fraudstream operate resume 3" in done.out
    assert standing(settings, print).skips(3, 50)
    assert "already" in typed.badly(64, "operate", "skip", 3, 50, *WHY)
    assert "skipped  partition 3 offset 50" in typed.well("operate", "show").out


def test_in_a_partition_that_stopped_by_itself_a_record_is_skipped_at_once(
    typed: Typed, settings: Settings, member: str
) -> None:
    """Nobody goes on there before it is resumed."""
    fill(settings)
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap, "transactional.id": member})
    producer.init_transactions(15)
    producer.begin_transaction()
    place = TopicPartition(settings.topics.transactions, 3, 40, encode(Counters(7, 10, 3, (3,), 40)))
    known = Consumer({"bootstrap.servers": settings.kafka.bootstrap, "group.id": settings.score.group})
    producer.send_offsets_to_transaction([place], known.consumer_group_metadata(), 15)
    producer.commit_transaction(15)
    known.close()
    typed.well("operate", "skip", 3, 41, *WHY)
    assert standing(settings, print).skips(3, 41)


def test_while_nobody_is_there_a_record_is_skipped_at_once(typed: Typed, settings: Settings) -> None:
    """What was decided stays decided, and what is not there cannot be skipped."""
    fill(settings)
    commit(settings, 40)
    assert "was decided: the group stands at 40" in typed.badly(64, "operate", "skip", 3, 39, *WHY)
    assert "the log is from 0 to 100" in typed.badly(64, "operate", "skip", 3, 100, *WHY)
    typed.well("operate", "skip", 3, 40, *WHY)
    assert [each.offset for each in orders(settings)] == [40]


def test_a_mark_of_the_broker_is_no_record(typed: Typed, settings: Settings) -> None:
    """Transactions end with one, which takes an offset."""
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap, "transactional.id": settings.score.app})
    producer.init_transactions(15)
    producer.begin_transaction()
    producer.produce(settings.topics.transactions, b"{}", partition=3)
    producer.commit_transaction(15)
    await_end(settings, 2)
    fill(settings, 1)
    assert "but a mark of the broker" in typed.badly(64, "operate", "skip", 3, 1, *WHY)


def test_a_worker_that_is_not_there_may_be_drained(typed: Typed, settings: Settings, member: str) -> None:
    """The order waits for it; who is there is told, in case the name was misspelt."""
    assert typed.well("operate", "drain", member, *WHY).err == ""
    assert f"nobody-0 is not in the group now; the order waits for it. In it are: {member}" in (
        typed.well("operate", "drain", "nobody-0", *WHY).err
    )
    assert standing(settings, print).drained.keys() == {member, "nobody-0"}


def test_a_stopped_partition_is_shown_and_resumed(typed: Typed, settings: Settings) -> None:
    """By the id of its stop, once."""
    commit(settings, 40, encode(Counters(7, 10, 3, (3,), 40)))
    assert "partition 3 stopped for its dead letters, stop 3@40" in typed.well("operate", "show").out
    assert json.loads(typed.well("operate", "show", "--json").out)["stopped"] == {"3": "3@40"}
    assert typed.well("dlq", "resume", 3, *WHY).out == "partition 3 goes on from stop 3@40\n"
    (order,) = orders(settings)
    assert (order.verb, order.stop) == (Verb.RESUME_DEAD_LETTERS, "3@40")
    assert "was resumed already" in typed.badly(64, "dlq", "resume", 3, *WHY)
    assert "stopped" not in typed.well("operate", "show").out


def test_a_group_at_work_is_not_moved(typed: Typed, settings: Settings, member: str) -> None:
    """Who is in it is told, and a dry run is free to say what it would do."""
    fill(settings)
    said = typed.badly(64, "operate", "move", "--to", "earliest", *WHY)
    assert f"is at work: {member} (" in said
    assert typed.well("operate", "move", "--to", "end", *WHY, "--dry-run").out.endswith("this was a dry run\n")
    assert orders(settings) == []


def test_a_group_is_moved_to_a_time(typed: Typed, deployment: Deployment) -> None:
    """Each partition with old, new and what that means; on record, and its counters begin anew."""
    settings = deployment.settings
    fill(settings)
    commit(settings, 90, encode(Counters(7, 10, 3, (3,), 90)))
    dry = typed.well("operate", "move", "--to", "2026-01-05T00:00:50Z", "--partition", 3, "--dry-run", *WHY)
    line = "partition 3: 90 -> 50; 40 offsets back, decided again; state from the log, 50 offsets"
    assert dry.out.splitlines()[0] == line
    assert deployment.committed()[3] == 90
    done = typed.well("operate", "move", "--to", "2026-01-05T00:00:50Z", *WHY)
    assert line in done.out
    assert "partition 0: none -> 0; begins there; state from the log, 0 offsets" in done.out
    assert done.out.endswith(f"moved 6 partitions of the group {settings.score.group}\n")
    assert deployment.committed() == {0: 0, 1: 0, 2: 0, 3: 50, 4: 0, 5: 0}
    moved = {each.partition: each for each in orders(settings)}
    assert (moved[3].verb, moved[3].before, moved[3].offset, moved[3].who) == (Verb.MOVED, 90, 50, "ann")
    assert len(moved) == 6
    shown = typed.well("operate", "show").out
    assert "stopped" not in shown
    assert "moved    partition 3 offset 50 from 90, since" in shown
    assert "40 offsets on, never decided" not in shown
    assert "50 offsets on, never decided" in typed.well("operate", "move", "--to", "end", *WHY).out
    assert deployment.committed()[3] == 100


def test_it_is_told_which_snapshot_the_state_comes_from(typed: Typed, settings: Settings, tmp_path: Path) -> None:
    """The newest one that these settings would make, at or before the new place."""
    fill(settings)
    commit(settings, 90)
    store = Store(str(tmp_path / "state"), settings.score.group, settings.topics.transactions)
    arrays = book(log(300), TERMS).to_arrays(1)
    for offset, digest in ((20, fold_digest(load({}, env={}))), (45, "ab" * 32), (80, fold_digest(load({}, env={})))):
        put(store, taken(3, offset, fold_digest=digest), arrays)
    moved = typed.well("operate", "move", "--to", "2026-01-05T00:00:50Z", "--partition", 3, "--dry-run", *WHY).out
    assert "state from the snapshot at 20 and 30 offsets of the log" in moved
