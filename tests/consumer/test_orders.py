"""Orders as running workers hear them, on a real Kafka: pauses, skips, stops, drains."""

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions
from structlog.testing import capture_logs
from support.deployment import PATIENCE_S, Deployment

from consumer.life import Life
from consumer.metrics import ORDERS_IGNORED
from consumer.orders import Orders
from producer.orders import Desk, standing, topic_id
from schemas.orders import Order, Verb
from schemas.settings import Settings
from schemas.topics import Role

FLAGGED = {"amount_minor": 900_000}
ONE_PARTITION = 2


def order(settings: Settings, verb: Verb, **fields: Any) -> None:
    said = {"verb": verb, "group": settings.score.group, "who": "ann", "why": "a test", "at": datetime.now(UTC)}
    Desk(settings).give([Order.model_validate(said | fields)])


def publish(deployment: Deployment, values: list[bytes], partition: int) -> None:
    producer = Producer({"bootstrap.servers": deployment.settings.kafka.bootstrap})
    for value in values:
        producer.produce(deployment.settings.topics.transactions, value, b"card", partition)
    assert producer.flush(15) == 0


def good(deployment: Deployment, numbers: range) -> list[bytes]:
    rows = (deployment.transaction(each, card_id="card", **FLAGGED) for each in numbers)
    return [json.dumps(row).encode() for row in rows]


def until(met: Callable[[], bool], deployment: Deployment) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not met():
        assert time.monotonic() < deadline, deployment.log()[-5_000:]
        time.sleep(0.1)


def flags_of(deployment: Deployment, partition: int) -> int:
    return sum(each.partition() == partition for each in deployment.read(Role.FLAGS).messages)


@pytest.fixture(params=["static", "kip848"])
def scored(request: pytest.FixtureRequest, deployment: Deployment) -> Deployment:
    """A worker that has flagged two records in each of two partitions."""
    deployment.start(score_start="earliest", score_membership=request.param)
    for partition in (1, ONE_PARTITION):
        publish(deployment, good(deployment, range(2)), partition)
    deployment.await_records(Role.FLAGS, 4)
    return deployment


@pytest.mark.parametrize("delivery", ["exactly_once", "at_least_once"])
def test_a_paused_partition_waits_and_others_go_on(deployment: Deployment, delivery: str) -> None:
    """Across a restart, too; when it is resumed, nothing is missing and nothing came twice."""
    settings = deployment.settings
    order(settings, Verb.PAUSE, partition=1)
    process = deployment.start("--delivery", delivery, score_start="earliest")
    for partition in (1, ONE_PARTITION):
        publish(deployment, good(deployment, range(partition * 100, partition * 100 + 5)), partition)
    deployment.await_records(Role.FLAGS, 5)
    deployment.await_event("partition.paused")
    assert deployment.stop(process) == 0
    deployment.start("--delivery", delivery, score_start="earliest")
    publish(deployment, good(deployment, range(300, 305)), ONE_PARTITION)
    deployment.await_records(Role.FLAGS, 10)
    assert flags_of(deployment, 1) == 0
    order(settings, Verb.RESUME, partition=1)
    deployment.await_records(Role.FLAGS, 15)
    ids = [each["event_id"] for each in deployment.read(Role.FLAGS).decisions]
    assert len(ids) == len(set(ids)) == 15


def test_a_pause_is_heard_while_records_come(scored: Deployment) -> None:
    """Within a moment; what is published then stays, and comes in order after the resume."""
    order(scored.settings, Verb.PAUSE, partition=1)
    scored.await_event("partition.paused")
    for round_ in range(5):
        publish(scored, good(scored, range(10 * round_ + 10, 10 * round_ + 20)), 1)
        time.sleep(0.05)
    publish(scored, good(scored, range(900, 905)), ONE_PARTITION)
    until(lambda: flags_of(scored, ONE_PARTITION) == 7, scored)
    assert flags_of(scored, 1) == 2
    order(scored.settings, Verb.RESUME, partition=1)
    until(lambda: flags_of(scored, 1) == 52, scored)
    offsets = [
        each["source"]["offset"] for each in scored.read(Role.FLAGS).decisions if each["source"]["partition"] == 1
    ]
    assert offsets == list(range(52))


def test_a_skipped_record_goes_to_the_dead_letters_undecided(deployment: Deployment) -> None:
    """Untouched, with its own reason and by whose order; its neighbours are decided, and it is remembered of nobody."""
    publish(deployment, good(deployment, range(5)), 1)
    order(deployment.settings, Verb.SKIP, partition=1, offset=2)
    assert deployment.score("--max-messages", "5", score_start="earliest") == 0
    decisions = deployment.read(Role.FLAGS).decisions
    assert [each["event_id"] for each in decisions] == ["event-0", "event-1", "event-3", "event-4"]
    (letter,) = deployment.read(Role.DLQ).messages
    said = dict(letter.headers())
    assert (said["dlq.reason"], said["dlq.detail"], said["dlq.offset"]) == (b"skipped", b"by order of ann", b"2")
    assert (letter.key(), letter.value()) == (b"card", good(deployment, range(2, 3))[0])
    assert deployment.committed()[1] == 5


LIMITS = {"score_start": "earliest", "dead_letters_max_consecutive": "20", "score_lot_rows": "7"}


@pytest.mark.parametrize("delivery", ["exactly_once", "at_least_once"])
def test_a_partition_stops_at_its_limit_until_it_is_resumed(deployment: Deployment, delivery: str) -> None:
    """In spite of restarts between any two lots; others go on; a resume names the stop and holds for it alone."""
    settings = deployment.settings
    publish(deployment, [b"garbage"] * 12, 1)
    assert deployment.score("--delivery", delivery, "--max-messages", "12", **LIMITS) == 0
    publish(deployment, [b"garbage"] * 100, 1)
    process = deployment.start("--delivery", delivery, **LIMITS)
    (stopped,) = deployment.await_event("partition.stopped")
    assert (stopped["partition"], stopped["in_a_row"]) == (1, 26)
    stop_at = deployment.committed()[1]
    assert 21 <= stop_at <= 28
    assert stopped["stop"] == f"1@{stop_at}"
    publish(deployment, good(deployment, range(3)), ONE_PARTITION)
    deployment.await_records(Role.FLAGS, 3)
    assert deployment.stop(process) == 0
    process = deployment.start("--delivery", delivery, **LIMITS)
    deployment.await_event("partition.stopped", 2)
    publish(deployment, good(deployment, range(3, 6)), ONE_PARTITION)
    deployment.await_records(Role.FLAGS, 6)
    assert deployment.committed()[1] == stop_at
    assert len(deployment.read(Role.DLQ).messages) == stop_at
    order(settings, Verb.RESUME_DEAD_LETTERS, partition=1, stop=f"1@{stop_at}")
    again = deployment.await_event("partition.stopped", 3)[-1]
    assert again["stop"] != stopped["stop"]
    assert 21 <= deployment.committed()[1] - stop_at <= 28
    assert len(deployment.read(Role.DLQ).messages) == deployment.committed()[1]
    assert deployment.stop(process) == 0


def test_a_drained_worker_leaves_and_comes_back(deployment: Deployment) -> None:
    """The other one has all partitions; the process stays, and joins when it is taken back."""
    settings = deployment.settings
    process = deployment.start("--workers", "2", score_start="earliest", score_session_timeout_ms="6000")
    until(
        lambda: any(
            each["event"] == "state.restored" and each["worker"].endswith("-1") for each in deployment.events()
        ),
        deployment,
    )
    order(settings, Verb.DRAIN, slot=f"{settings.score.app}-test-1")
    (drained,) = deployment.await_event("worker.drained")
    assert (drained["who"], drained["worker"]) == ("ann", f"{settings.score.app}-test-1")
    for partition in range(6):
        publish(deployment, good(deployment, range(partition, partition + 1)), partition)
    deployment.await_records(Role.FLAGS, 6)
    assert "slot.died" not in deployment.log()
    assert process.poll() is None
    order(settings, Verb.UNDRAIN, slot=f"{settings.score.app}-test-1")
    deployment.await_event("slot.died")
    until(lambda: len([each for each in deployment.events() if each["event"] == "orders.standing"]) == 3, deployment)
    publish(deployment, good(deployment, range(10, 12)), 5)
    deployment.await_records(Role.FLAGS, 8)
    assert deployment.stop(process) == 0


def test_a_worker_that_was_drained_before_it_starts_does_not_join(deployment: Deployment) -> None:
    """It waits, can be stopped, and ends well."""
    order(deployment.settings, Verb.DRAIN, slot=f"{deployment.settings.score.app}-test-0")
    process = deployment.start(score_start="earliest")
    deployment.await_event("worker.drained")
    assert "source.assigned" not in deployment.log()
    assert deployment.stop(process) == 0


def test_without_a_topic_of_orders_it_scores_on(deployment: Deployment) -> None:
    """It says so once."""
    deployment.publish([deployment.transaction(number, **FLAGGED) for number in range(20)])
    assert deployment.score("--max-messages", "20", score_start="earliest", topics_orders="nowhere-to-be-found") == 0
    assert len(deployment.read(Role.FLAGS).messages) == 20
    assert [each["topic"] for each in deployment.events() if each["event"] == "orders.none"] == ["nowhere-to-be-found"]


def reader(settings: Settings) -> Orders:
    return Orders.of(settings, "app-test-0")


def test_the_whole_log_is_read_at_the_start(settings: Settings) -> None:
    """What is no order, or a verb of a newer release, is told, counted and passed over; other groups' mean nothing."""
    order(settings, Verb.PAUSE, partition=1)
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap})
    for value in (b"garbage", None, b'{"verb": "explode", "group": "g", "who": "a", "why": "b"}'):
        producer.produce(settings.topics.orders, value, partition=0)
    assert producer.flush(15) == 0
    order(settings, Verb.PAUSE, partition=2, group="shadow")
    order(settings, Verb.PAUSE, partition=3)
    before, orders = ORDERS_IGNORED._value.get(), reader(settings)
    with capture_logs() as said:
        assert orders.begin(Life()).paused.keys() == {1, 3}
    assert ORDERS_IGNORED._value.get() == before + 3
    assert [each["offset"] for each in said if each["event"] == "order.ignored"] == [1, 2, 3]
    assert "explode" not in str(said)
    order(settings, Verb.RESUME, partition=1)
    deadline = time.monotonic() + PATIENCE_S
    while orders.learn().paused.keys() != {3} and time.monotonic() < deadline:
        time.sleep(0.05)
    assert orders.standing.paused.keys() == {3}
    orders.close()


def test_orders_stand_in_the_first_partition_alone(settings: Settings) -> None:
    """However many the topic was given: there is one order."""
    admin = AdminClient({"bootstrap.servers": settings.kafka.bootstrap})
    for done in admin.create_partitions([NewPartitions(settings.topics.orders, 3)]).values():
        done.result(15)
    for partition in range(6):
        order(settings, Verb.PAUSE, partition=partition)
    orders = reader(settings)
    assert orders.begin(Life()).paused.keys() == set(range(6))
    orders.close()


def test_what_an_aborted_transaction_ordered_was_never_ordered(settings: Settings) -> None:
    """Only committed orders count."""
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap, "transactional.id": settings.score.app})
    producer.init_transactions(15)
    producer.begin_transaction()
    said = {"verb": Verb.PAUSE, "group": settings.score.group, "who": "a", "why": "b", "at": datetime.now(UTC)}
    producer.produce(settings.topics.orders, Order.model_validate(said | {"partition": 1}).to_bytes(), partition=0)
    producer.flush(15)
    producer.abort_transaction(15)
    orders = reader(settings)
    assert orders.begin(Life()).paused == {}
    orders.close()


def test_what_was_ordered_is_waited_for_until_the_worker_is_to_end(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It might be that a record is to be skipped, or a partition paused: nothing is scored before that is known."""
    monkeypatch.setattr("consumer.orders.SAID_EVERY_S", 0.2)
    away = settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"bootstrap": "127.0.0.1:1"})})
    orders, life = reader(away), Life()
    began, asked = time.monotonic(), threading.Timer(1.0, life.ask_to_end, ["the test"])
    monkeypatch.setattr(orders, "_listed", lambda _: True)
    asked.start()
    with capture_logs() as said:
        assert orders.begin(life).paused == {}
    assert time.monotonic() - began >= 1.0
    assert "orders.not_read" in {each["event"] for each in said}
    orders.close()


def test_what_was_ordered_of_a_topic_that_was_made_again_does_not_hold(settings: Settings) -> None:
    """Orders say by themselves of which topic they are; the worker asks for those of the one that is there now."""
    order(settings, Verb.PAUSE, partition=1)
    order(settings, Verb.SKIP, partition=2, offset=0)
    now = topic_id(settings)
    assert now is not None
    for known, paused, skipped in ((now, {1}, {(2, 0)}), ("of before", set(), set()), (None, {1}, {(2, 0)})):
        orders = Orders.of(settings, "app-test-0", known)
        held = orders.begin(Life())
        assert (set(held.paused), set(held.skipped)) == (paused, skipped)
        orders.close()
    assert standing(settings, print).paused.keys() == {1}
