"""What the running scorer remembers: across kills, snapshots and handovers the features are those of the log."""

import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from support.deployment import Deployment, await_leaders
from support.label_topic import DAY, HOUR, encoded, label, records, send, transaction
from support.refold import decided, refolded

from models.feature_list import POSITION
from schemas.topics import Role

EARLIEST = "earliest"
EVERY: dict[str, str] = {"score_start": EARLIEST, "output_scores": "true", "score_membership": "dynamic"}
T0 = 1_767_571_200_000


def payments(deployment: Deployment, count: int, first: int = 0, step_ms: int = HOUR) -> list[dict[str, Any]]:
    """Fifty cards that pay again and again, over many days; some come late, some twice."""
    rows = []
    for number in range(first, first + count):
        late = 3 * DAY if number % 17 == 5 else 0
        copy = 1 if number % 23 == 7 else 0
        fields = {"amount_minor": 500 + number * 37 % 9_000, "terminal_id": f"term-{number % 7}", "country": "DE"}
        at = T0 + (number - 50 * copy) * step_ms - late
        rows.append(deployment.transaction(number - 50 * copy, **fields, event_time=at))
    return rows


def publish(deployment: Deployment, rows: list[dict[str, Any]]) -> None:
    """Stamped with the time of the event, as a simulated past is."""
    producer = Producer({"bootstrap.servers": deployment.settings.kafka.bootstrap, "partitioner": "murmur2_random"})
    for row in rows:
        value, key = json.dumps(row).encode(), str(row["card_id"]).encode()
        producer.produce(deployment.settings.topics.transactions, value, key, timestamp=int(row["event_time"]))
    assert producer.flush(30) == 0


def restored(deployment: Deployment) -> list[dict[str, Any]]:
    return [each for each in deployment.events() if each["event"] == "state.restored"]


def test_kills_and_handovers_leave_no_trace(deployment: Deployment) -> None:
    """Snapshots at short intervals, SIGKILL in between, a node that comes and goes: each feature bit for bit."""
    given = EVERY | {"score_lot_rows": "100", "state_snapshot_every": "1s"}
    first = deployment.start("--workers", "2", **given)
    deployment.await_event("source.assigned", 2)
    for number in range(3):
        publish(deployment, payments(deployment, 1_000, 1_000 * number))
        deployment.await_records(Role.SCORES, 1_000 * number + 300)
        starts = [each for each in deployment.await_event("slot.started", 2 + number) if each["slot"] == number % 2]
        os.kill(starts[-1]["pid"], signal.SIGKILL)
        deployment.await_event("slot.died", 1 + number)
    second = deployment.start(**given, score_node="other")
    publish(deployment, payments(deployment, 1_000, 3_000))
    deployment.await_records(Role.SCORES, 4_000)
    await_partitions(deployment, "other")
    publish(deployment, payments(deployment, 500, 4_000))
    deployment.await_records(Role.SCORES, 4_500)
    assert deployment.stop(second) == 0
    publish(deployment, payments(deployment, 500, 4_500))
    decisions = deployment.await_records(Role.SCORES, 5_000).decisions
    assert deployment.stop(first) == 0
    assert decided(decisions) == refolded(deployment)
    assert {each["from"] for each in restored(deployment)} == {"log", "snapshot", "aside"}


def await_partitions(deployment: Deployment, node: str) -> None:
    deadline = time.monotonic() + 30
    while not any(f"-{node}-" in each["worker"] for each in restored(deployment)):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_what_was_scored_before_is_remembered(deployment: Deployment) -> None:
    """A group that begins at the end folds what the log still has; its ends are snapshots that the next start finds."""
    publish(deployment, payments(deployment, 800))
    first = deployment.start(output_scores="true")
    deployment.await_event("source.assigned")
    time.sleep(1)
    publish(deployment, payments(deployment, 200, 800))
    deployment.await_records(Role.SCORES, 200)
    assert deployment.stop(first) == 0
    publish(deployment, payments(deployment, 200, 1_000))
    assert deployment.score("--max-messages", "200", output_scores="true") == 0
    decisions = deployment.read(Role.SCORES).decisions
    expected = refolded(deployment)
    found = decided(decisions)
    assert len(found) == 400
    assert found == {where: expected[where] for where in found}
    assert [each["from"] for each in restored(deployment)] == ["log"] * 6 + ["snapshot"] * 6


def until_empty(call: Callable[[], object]) -> None:
    """A static member stays in its group for a while after it has ended."""
    deadline = time.monotonic() + 30
    while True:
        try:
            call()
        except KafkaException:
            assert time.monotonic() < deadline
            time.sleep(0.5)
        else:
            return


def move(admin: AdminClient, group: str, places: list[TopicPartition]) -> None:
    asked = [ConsumerGroupTopicPartitions(group, places)]
    for each in admin.alter_consumer_group_offsets(asked)[group].result(timeout=10).topic_partitions:
        if each.error:
            raise KafkaException(each.error)


def test_a_group_that_lost_its_offsets_stops(deployment: Deployment) -> None:
    """Exit code 78 with what to do: what was answered is not known any more."""
    publish(deployment, payments(deployment, 100))
    assert deployment.score("--max-messages", "100", **EVERY) == 0
    admin, group = AdminClient({"bootstrap.servers": deployment.settings.kafka.bootstrap}), deployment.settings.score
    until_empty(lambda: admin.delete_consumer_groups([group.group])[group.group].result(timeout=10))
    assert deployment.score("--max-seconds", "30", **EVERY) == 78
    assert "there are snapshots of its state" in deployment.log()


def test_setting_the_group_back_takes_its_state_along(deployment: Deployment) -> None:
    """Snapshots ahead of the new position are passed over; the same records get the same features again."""
    publish(deployment, payments(deployment, 600))
    assert deployment.score("--max-messages", "600", **EVERY) == 0
    admin, settings = AdminClient({"bootstrap.servers": deployment.settings.kafka.bootstrap}), deployment.settings
    back = [TopicPartition(settings.topics.transactions, p, o // 2) for p, o in deployment.committed().items()]
    until_empty(lambda: move(admin, settings.score.group, back))
    again = 600 - sum(each.offset for each in back)
    assert deployment.score("--max-messages", str(again), **EVERY) == 0
    decisions, expected = deployment.read(Role.SCORES).decisions, refolded(deployment)
    assert len(decisions) == 600 + again
    for found in (decided([each]) for each in decisions):
        assert found == {where: expected[where] for where in found}
    assert "ahead" in {each.get("reason") for each in deployment.events() if each["event"] == "snapshot.ignored"}


@pytest.mark.parametrize("stalled", [False, True])
def test_verdicts_count(deployment: Deployment, stalled: bool) -> None:
    """From the step on in which they take effect; where they cannot be read the decision says so, and up to where."""
    settings = deployment.settings
    verdicts = [label(number, event_time=T0 + number * HOUR, is_fraud=number % 3 == 0) for number in range(300)]
    sent = records(verdicts, encoded(settings), T0 + 20 * DAY)
    send(settings, sent[:150])
    publish(deployment, payments(deployment, 700, 300))
    if stalled:
        with transaction(settings, "hung") as hung:
            for key, value, stamp in sent[150:]:
                hung.produce(settings.topics.labels, value, key, timestamp=stamp)
            hung.flush()
            assert deployment.score("--max-messages", "700", **EVERY, labels_delay="1d") == 0
            hung.abort_transaction()
    else:
        send(settings, sent[150:])
        assert deployment.score("--max-messages", "700", **EVERY, labels_delay="1d") == 0
    chosen = settings.model_copy(update={"labels": settings.labels.model_copy(update={"delay": "1d"})})
    decisions = deployment.read(Role.SCORES).decisions
    assert decided(decisions) == refolded(Deployment(chosen, deployment.folder))
    assert np.nanmax([each["features"][POSITION["card_days_since_fraud"]] for each in decisions]) > 0
    epochs = deployment.read(Role.EPOCHS).epochs
    assert {"labels_stalled" in each["degraded"] for each in decisions} == {stalled}
    for each in epochs:
        assert ("labels_stalled" in each["degraded"]) == stalled
        assert (each["label_offsets"] is not None) == stalled


def test_a_backlog_raises_no_flags(deployment: Deployment) -> None:
    """Decisions on records of an hour ago are kept among the scores and say so; those of now are flags again."""
    flagged = {"amount_minor": 900_000}
    publish(deployment, [deployment.transaction(number, **flagged) for number in range(40)])
    process = deployment.start(**EVERY, output_max_decision_age="1h")
    deployment.await_records(Role.SCORES, 40)
    deployment.publish([deployment.transaction(number, **flagged) for number in range(40, 80)])
    scores = deployment.await_records(Role.SCORES, 80).decisions
    flags = deployment.await_records(Role.FLAGS, 40).decisions
    assert deployment.stop(process) == 0
    assert {each["event_id"] for each in flags} == {f"event-{number}" for number in range(40, 80)}
    old = {each["event_id"] for each in scores if "backlog" in each["degraded"]}
    assert old == {f"event-{number}" for number in range(40)}
    assert {each["outcome"] for each in scores} == {"block"}


def test_the_newer_group_protocol(deployment: Deployment) -> None:
    """Partitions that come and go one by one: nothing lost or doubled, and each feature bit for bit."""
    given = EVERY | {"score_membership": "kip848"}
    first = deployment.start(**given)
    publish(deployment, payments(deployment, 500))
    deployment.await_records(Role.SCORES, 500)
    second = deployment.start(**given, score_node="other")
    await_partitions(deployment, "other")
    publish(deployment, payments(deployment, 500, 500))
    deployment.await_records(Role.SCORES, 1_000)
    assert deployment.stop(second) == 0
    publish(deployment, payments(deployment, 500, 1_000))
    deployment.await_records(Role.SCORES, 1_500)
    publish(deployment, payments(deployment, 500, 1_500))
    decisions = deployment.await_records(Role.SCORES, 2_000).decisions
    assert deployment.stop(first) == 0
    assert decided(decisions) == refolded(deployment)


def test_a_row_later_than_all_that_is_remembered_says_so(deployment: Deployment) -> None:
    """Labels that only it could see are forgotten by then: it is scored, and outside of what can be recomputed."""
    publish(deployment, payments(deployment, 200, step_ms=DAY))
    process = deployment.start(**EVERY)
    deployment.await_records(Role.SCORES, 200)
    rows = [deployment.transaction(1_000 + day, event_time=T0 + day * DAY) for day in (80, 190)]
    publish(deployment, rows)
    decisions = deployment.await_records(Role.SCORES, 202).decisions
    assert deployment.stop(process) == 0
    marks = {each["event_id"]: set(each["marks"]) & {"cold_state"} for each in decisions}
    assert (marks["event-1080"], marks["event-1190"]) == ({"cold_state"}, set())


def test_records_that_were_deleted_unscored_stop_the_group(deployment: Deployment) -> None:
    """Exit code 78 with the command that decides; once the group was moved it goes on, with rows that are cold."""
    given = EVERY | {"score_membership": "dynamic"}
    publish(deployment, payments(deployment, 300))
    assert deployment.score("--max-messages", "300", **given) == 0
    publish(deployment, payments(deployment, 300, 300))
    settings, committed = deployment.settings, deployment.committed()
    admin = AdminClient({"bootstrap.servers": settings.kafka.bootstrap})
    lost = [TopicPartition(settings.topics.transactions, each, at + 5) for each, at in committed.items()]
    for deleted in admin.delete_records(lost).values():
        deleted.result(15)
    assert deployment.score("--max-seconds", "30", **given) == 78
    assert "fraudstream operate move" in deployment.log()
    left = 300 - 5 * len(committed)
    until_empty(lambda: move(admin, settings.score.group, lost))
    assert deployment.score("--max-messages", str(left), **given) == 0
    decisions = deployment.read(Role.SCORES).decisions
    found, old = (
        decided(decisions),
        [each for each in decisions if each["source"]["offset"] < committed[each["source"]["partition"]]],
    )
    assert (len(found), len(old)) == (300 + left, 300)
    assert all("cold_state" in each["marks"] for each in decisions if each not in old)


def test_a_topic_that_was_made_again_begins_anew(deployment: Deployment) -> None:
    """Its offsets went with it, and its state is not that of the new one; nor is the group taken for an old one."""
    given = EVERY | {"score_membership": "dynamic"}
    publish(deployment, payments(deployment, 300))
    assert deployment.score("--max-messages", "300", **given) == 0
    settings, topic = deployment.settings, deployment.settings.topics.transactions
    admin = AdminClient({"bootstrap.servers": settings.kafka.bootstrap})
    admin.delete_topics([topic])[topic].result(15)
    made = NewTopic(topic, settings.topics.partitions, 1, config={"retention.ms": "-1"})
    until_empty(lambda: admin.create_topics([made])[topic].result(15))
    await_leaders(settings)
    assert set(deployment.committed().values()) == {-1001}
    before = {(each.partition(), each.offset()) for each in deployment.read(Role.SCORES).messages}
    publish(deployment, payments(deployment, 200, 300))
    assert deployment.score("--max-messages", "200", **given) == 0
    scores = deployment.read(Role.SCORES)
    scores.messages = [each for each in scores.messages if (each.partition(), each.offset()) not in before]
    assert decided(scores.decisions) == refolded(deployment)
    assert {each["from"] for each in restored(deployment)} == {"log"}
