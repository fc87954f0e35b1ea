"""The real command on a real Kafka and Redis, looked at from outside."""

import io
import json
import os
import signal
import time
import urllib.request
from collections import Counter
from datetime import UTC, datetime

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from fastavro import schemaless_reader
from support.deployment import Deployment

from models.policies.kinds import SNOOZE, kind_of
from models.policies.list_file import LAST_MS
from models.policies.list_shelf import ListShelf
from models.registry.by import By
from schemas.contracts import TRANSACTION
from schemas.topics import Role

EARLIEST = "earliest"
FLAGGED = {"amount_minor": 900_000}


BAD: list[tuple[bytes | None, bytes | None, str]] = [
    (b"card", None, "empty"),
    (b"card", b"", "empty"),
    (b"\xff\x00", b"garbage", "unknown_framing"),
    (b"card", b"\xc3\x01" + b"12345678" + b"x", "unknown_schema"),
    (b"card", b"\x00\x00\x00\x00\x07", "unknown_schema"),
    (b"card", b"\xc3\x01", "truncated"),
    (None, b"{not json", "invalid_json"),
    (b"card", b'{"event_id": "x"}', "missing_field"),
    (b"card", b'{"event_id": "\xff"}', "invalid_utf8"),
]


@pytest.mark.parametrize("delivery", ["exactly_once", "at_least_once"])
def test_every_good_record_is_answered_once_and_every_bad_one_kept(deployment: Deployment, delivery: str) -> None:
    """A thousand mixed records: one decision per good one, the original bytes of each bad one, offsets at the end."""
    producer = Producer({"bootstrap.servers": deployment.settings.kafka.bootstrap, "partitioner": "murmur2_random"})
    sent_bad = Counter[tuple[bytes | None, bytes | None, str]]()
    for number in range(1000):
        if number % 7 == 3:
            key, value, reason = BAD[number // 7 % len(BAD)]
            sent_bad[key, value or None, reason] += 1
            producer.produce(
                deployment.settings.topics.transactions, value, key, headers=[("traceparent", b"00-ab"), ("n", None)]
            )
        else:
            row = deployment.transaction(number, **(FLAGGED if number % 10 == 0 else {}))
            producer.produce(deployment.settings.topics.transactions, json.dumps(row).encode(), str(row["card_id"]))
    assert producer.flush(30) == 0

    assert (
        deployment.score(
            "--delivery",
            delivery,
            "--max-messages",
            "1000",
            score_start=EARLIEST,
            output_scores="true",
            log_level="debug",
        )
        == 0
    )

    scores, flags = deployment.read(Role.SCORES).decisions, deployment.read(Role.FLAGS).decisions
    good = {f"event-{number}" for number in range(1000) if number % 7 != 3}
    flagged = {f"event-{number}" for number in range(0, 1000, 10) if number % 7 != 3}
    assert Counter(decision["event_id"] for decision in scores) == Counter(good)
    assert Counter(decision["event_id"] for decision in flags) == Counter(flagged)
    assert all(decision["reasons"] == ["amount_extreme", "amount_high"] for decision in flags)

    letters = deployment.read(Role.DLQ).messages
    kept = Counter((each.key(), each.value() or None, dict(each.headers())["dlq.reason"].decode()) for each in letters)
    assert kept == sent_bad
    assert all(each.headers()[:2] == [("traceparent", b"00-ab"), ("n", None)] for each in letters)
    assert sum(deployment.committed().values()) == 1000


def test_answers_stand_where_the_questions_stood(deployment: Deployment) -> None:
    """Key, partition number and source of a decision are those of its transaction; order is kept per card."""
    deployment.publish([deployment.transaction(number, **FLAGGED) for number in range(100)])
    assert deployment.score("--max-messages", "100", score_start=EARLIEST) == 0
    flags = deployment.read(Role.FLAGS)
    for message, decision in zip(flags.messages, flags.decisions, strict=True):
        assert message.key() == decision["card_id"].encode()
        assert message.partition() == decision["source"]["partition"]
        headers = dict(message.headers())
        source = decision["source"]
        assert headers["ce_id"].decode() == f"{source['topic']}/{source['partition']}/{source['offset']}"
    for card in {decision["card_id"] for decision in flags.decisions}:
        offsets = [each["source"]["offset"] for each in flags.decisions if each["card_id"] == card]
        assert offsets == sorted(offsets)


def test_each_partition_begins_with_an_epoch(deployment: Deployment) -> None:
    """What decided is written down before the first decision it holds for, and decisions point at it."""
    deployment.publish([deployment.transaction(number, **FLAGGED) for number in range(100)])
    assert deployment.score("--max-messages", "100", score_start=EARLIEST) == 0
    epochs = {each["partition"]: each for each in deployment.read(Role.EPOCHS).epochs}
    decisions = deployment.read(Role.FLAGS).decisions
    assert {each["source"]["partition"] for each in decisions} == set(epochs)
    for decision in decisions:
        epoch = epochs[decision["source"]["partition"]]
        assert decision["epoch"] == epoch["first_offset"] <= decision["source"]["offset"]
        assert decision["model"] == epoch["model"]
        assert decision["degraded"] == epoch["degraded"] == ["churn_unavailable"]


def test_lists_and_snoozes_of_the_registry_hold(deployment: Deployment) -> None:
    """Blocked and allowed by hand, asleep and explored: outcomes, reasons and marks say so, epochs name the version."""
    by, shelf = By("ada", "test", datetime(2026, 1, 1, tzinfo=UTC)), ListShelf(deployment.settings.models.root)
    shelf.add(kind_of("terminal_block"), ["stolen"], 0, LAST_MS, by)
    shelf.add(kind_of("customer_allow"), ["trusted"], 0, LAST_MS, by)
    shelf.add(SNOOZE, ["amount_high"], 0, LAST_MS, by)
    kinds: list[dict[str, object]] = [{"terminal_id": "stolen"}, {"customer_id": "trusted", **FLAGGED}, FLAGGED]
    deployment.publish([deployment.transaction(number, **kinds[number % 3]) for number in range(30)])
    given = {"score_start": EARLIEST, "policy_block_at": "0.5", "policy_exploration": "0.5"}
    assert deployment.score("--max-messages", "30", **given) == 0
    flags = {int(each["event_id"].split("-")[1]): each for each in deployment.read(Role.FLAGS).decisions}
    assert set(flags) == set(range(30))
    assert "records.marked" not in deployment.log()
    blocked, allowed, rest = ([flags[number] for number in range(kind, 30, 3)] for kind in range(3))
    assert {(each["outcome"], *each["reasons"], *each["marks"]) for each in blocked} == {
        ("block", "listed_terminal", "by_hand", "cold_state", "listed")
    }
    assert {(each["outcome"], *each["marks"]) for each in allowed} == {("review", "cold_state", "listed")}
    assert {(each["outcome"], *each["marks"]) for each in rest} == {
        ("block", "cold_state"),
        ("review", "cold_state", "explored"),
    }
    for each in (*allowed, *rest):
        assert (each["reasons"], each["rules"]) == (["amount_extreme", "amount_high"], ["amount_extreme"])
    version = f"lists:/3 {shelf.lists().digest[:12]} exploration=0.5"
    assert {each["policy"].partition("block_at=0.5 ")[2] for each in flags.values()} == {version}
    assert {each["policy"].partition("block_at=0.5 ")[2] for each in deployment.read(Role.EPOCHS).epochs} == {version}


def test_an_altered_list_stops_the_start(deployment: Deployment) -> None:
    """Exit code 78, and nothing is scored with what nobody registered."""
    shelf = ListShelf(deployment.settings.models.root)
    shelf.add(kind_of("card_block"), ["a"], 0, LAST_MS, By("ada", "test", datetime(2026, 1, 1, tzinfo=UTC)))
    path = shelf.root / "ledger.lists" / "1.json"
    path.write_bytes(path.read_bytes().replace(b'"a"', b'"b"'))
    deployment.publish([deployment.transaction(1, **FLAGGED)])
    assert deployment.score("--max-messages", "1", score_start=EARLIEST) == 78
    assert "ledger.lists/1.json: was altered" in deployment.log()
    assert deployment.read(Role.FLAGS).decisions == []


def test_a_new_group_begins_at_the_end(deployment: Deployment) -> None:
    """Scoring starts now unless told otherwise, and where it started is remembered from the first moment."""
    deployment.publish([deployment.transaction(number, **FLAGGED) for number in range(20)])
    first = deployment.start()
    deployment.await_event("source.assigned")
    os.kill(deployment.await_event("slot.started")[0]["pid"], signal.SIGKILL)
    deployment.await_event("source.assigned", 2)
    deployment.publish([deployment.transaction(number, **FLAGGED) for number in range(20, 40)])
    flags = deployment.await_records(Role.FLAGS, 20)
    assert {each["event_id"] for each in flags.decisions} == {f"event-{number}" for number in range(20, 40)}
    assert deployment.stop(first) == 0


def test_nothing_is_lost_or_doubled_when_workers_are_killed(deployment: Deployment) -> None:
    """Two workers, killed again and again under load with SIGKILL: each transaction has one decision."""
    rounds, per_round = 6, 2000
    process = deployment.start("--workers", "2", score_start=EARLIEST, output_scores="true", score_lot_rows="200")
    deployment.await_event("source.assigned", 2)
    for each in range(rounds):
        deployment.publish([deployment.transaction(each * per_round + number) for number in range(per_round)])
        started = deployment.await_event("slot.started", 2 + each)
        os.kill(started[-1]["pid"], signal.SIGKILL)
    deployment.await_event("slot.died", rounds)
    scores = deployment.await_records(Role.SCORES, rounds * per_round).decisions
    assert deployment.stop(process) == 0
    assert Counter(each["event_id"] for each in scores) == Counter(f"event-{n}" for n in range(rounds * per_round))
    assert len(deployment.read(Role.SCORES).messages) == rounds * per_round


def test_ending_finishes_what_was_begun(deployment: Deployment) -> None:
    """SIGTERM under load: exit code 0, and every offset that is committed has its decision."""
    process = deployment.start(score_start=EARLIEST, output_scores="true", score_lot_rows="100")
    deployment.publish([deployment.transaction(number) for number in range(5000)])
    deployment.await_records(Role.SCORES, 1)
    assert deployment.stop(process) == 0
    assert len(deployment.read(Role.SCORES).messages) == sum(max(each, 0) for each in deployment.committed().values())


def test_records_of_aborted_transactions_are_not_answered(deployment: Deployment) -> None:
    """The input is read committed: what its producer took back was never there."""
    bootstrap = {
        "bootstrap.servers": deployment.settings.kafka.bootstrap,
        "transactional.id": deployment.settings.score.group,
    }
    producer = Producer(bootstrap)
    producer.init_transactions(30)
    for number in range(20):
        producer.begin_transaction()
        row = deployment.transaction(number, **FLAGGED)
        producer.produce(deployment.settings.topics.transactions, json.dumps(row).encode(), str(row["card_id"]))
        assert producer.flush(30) == 0  # or what is taken back may never have been in the log
        (producer.abort_transaction if number % 2 else producer.commit_transaction)(30)
    assert deployment.score("--max-messages", "10", score_start=EARLIEST) == 0
    flags = deployment.read(Role.FLAGS).decisions
    assert sorted(each["event_id"] for each in flags) == sorted(f"event-{number}" for number in range(0, 20, 2))


def test_an_idle_group_remembers_where_it_began(deployment: Deployment) -> None:
    """Restarted before its first record, it answers what came in between."""
    process = deployment.start()
    deployment.await_event("source.assigned")
    deadline = time.monotonic() + 30
    while min(deployment.committed().values()) < 0 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert deployment.stop(process) == 0
    deployment.publish([deployment.transaction(number, **FLAGGED) for number in range(50)])
    assert deployment.score("--max-messages", "50") == 0
    assert len(deployment.read(Role.FLAGS).messages) == 50


def test_a_second_node_begins_new_epochs(deployment: Deployment) -> None:
    """After partitions changed hands each owner writes down what decides, whoever decided before."""
    first = deployment.start(score_start=EARLIEST)
    deployment.await_event("source.assigned")
    deployment.publish([deployment.transaction(number, **FLAGGED) for number in range(100)])
    deployment.await_records(Role.FLAGS, 100)
    second = deployment.start(score_start=EARLIEST, score_node="other")
    deployment.await_event("source.assigned", 3)
    deployment.publish([deployment.transaction(number, **FLAGGED) for number in range(100, 200)])
    flags = deployment.await_records(Role.FLAGS, 200).decisions
    assert [deployment.stop(each) for each in (first, second)] == [0, 0]
    epochs = deployment.read(Role.EPOCHS).epochs
    starts = {(each["partition"], each["first_offset"]) for each in epochs}
    assert {(each["source"]["partition"], each["epoch"]) for each in flags} == starts
    assert {each["worker"].rsplit("-", 2)[1] for each in epochs} == {"test", "other"}
    assert len(starts) == 2 * len({partition for partition, _ in starts})


def test_partitions_that_are_added_are_scored_from_their_first_record(deployment: Deployment) -> None:
    """The worker starts again to count them, and nothing published to them meanwhile is passed over."""
    process = deployment.start(output_scores="true", kafka_properties='{"topic.metadata.refresh.interval.ms": "1000"}')
    deployment.await_event("source.assigned")
    deployment.publish([deployment.transaction(number, **FLAGGED) for number in range(50)])
    deployment.await_records(Role.FLAGS, 50)
    admin = AdminClient({"bootstrap.servers": deployment.settings.kafka.bootstrap})
    grown = [NewPartitions(deployment.settings.topics.name(role), 8) for role in Role if role is not Role.LABELS]
    for each in admin.create_partitions(grown).values():
        each.result(timeout=10)
    deployment.publish([deployment.transaction(number, **FLAGGED) for number in range(50, 250)])
    flags = deployment.await_records(Role.FLAGS, 250).decisions
    assert Counter(each["event_id"] for each in flags) == Counter(f"event-{number}" for number in range(250))
    assert {each["source"]["partition"] for each in flags} >= {6, 7}
    assert deployment.stop(process) == 0


def test_what_would_not_fit_is_cut_off(deployment: Deployment) -> None:
    """Enormous trace headers and a bad record full of small ones are answered; the broker refuses nothing."""
    row = deployment.transaction(1, **FLAGGED)
    producer = Producer({"bootstrap.servers": deployment.settings.kafka.bootstrap, "message.max.bytes": 4_000_000})
    topic = deployment.settings.topics.transactions
    producer.produce(topic, json.dumps(row).encode(), b"card-1", headers=[("tracestate", b"x" * 1_000_000)])
    producer.produce(topic, b"?" * 900_000, b"card-1", headers=[("n", b"")] * 20_000)
    assert producer.flush(30) == 0
    assert deployment.score("--max-messages", "2", score_start=EARLIEST) == 0
    assert len(deployment.read(Role.FLAGS).messages) == 1
    (letter,) = deployment.read(Role.DLQ).messages
    assert dict(letter.headers())["dlq.envelope"] == b"1"


def test_too_few_partitions_are_refused(deployment: Deployment) -> None:
    """An answer could not stand in the partition of its question: exit code 78, the topic named, before any scoring."""
    admin = AdminClient({"bootstrap.servers": deployment.settings.kafka.bootstrap})
    topic = deployment.settings.topics.transactions
    for grown in admin.create_partitions([NewPartitions(topic, 7)]).values():
        grown.result(timeout=10)
    assert deployment.score("--max-seconds", "20") == 78
    assert "has 6 partitions, the input has 7" in deployment.log()


def test_a_missing_topic_is_named(deployment: Deployment) -> None:
    """Exit code 78 with the command that makes it."""
    assert deployment.score("--max-seconds", "20", topics_flags="nowhere") == 78
    assert "there is no topic 'nowhere'" in deployment.log()
    assert "fraudstream topics create" in deployment.log()


def metrics_with(line: str, port: int) -> str:
    """Figures that are said once a second may need one."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = str(answer.read().decode())
        if line in text:
            return text
        time.sleep(0.1)
    raise AssertionError(f"no {line} in\n{text}")


def test_the_port_tells_life_readiness_and_figures(deployment: Deployment) -> None:
    """While it scores, the worker is live and ready, and its counters agree with what it wrote."""
    deployment.publish([deployment.transaction(number, **FLAGGED) for number in range(10)])
    process = deployment.start(score_start=EARLIEST, health_port="0")
    port = deployment.await_event("health.listening")[0]["port"]
    deployment.await_records(Role.FLAGS, 10)
    for path in ("live", "ready"):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/{path}", timeout=5) as answer:
            assert answer.status == 200
            said = answer.read().decode()
    assert said == "OK\nchurn scores: no generation is published\n"
    text = metrics_with('fraudstream_lag_seconds{partition="0"} 0.0', port)
    assert 'fraudstream_decisions_total{outcome="block"} 10.0' in text
    assert 'fraudstream_checkpoints_total{outcome="committed"}' in text
    assert f'worker="{deployment.settings.score.app}-test-0"' in text
    assert f'fraudstream_output_standstill_seconds{{topic="{deployment.settings.topics.flags}"}} 0.0' in text
    assert deployment.stop(process) == 0


def test_marks_are_in_the_decision(deployment: Deployment) -> None:
    """A record under the wrong key is scored and marked, and refused where keys are strict."""
    row = deployment.transaction(1, **FLAGGED)
    producer = Producer({"bootstrap.servers": deployment.settings.kafka.bootstrap})
    producer.produce(deployment.settings.topics.transactions, json.dumps(row).encode(), b"somebody else")
    producer.produce(deployment.settings.topics.transactions, json.dumps(row).encode(), None)
    assert producer.flush(30) == 0
    assert deployment.score("--max-messages", "2", score_start=EARLIEST) == 0
    marks = {mark for decision in deployment.read(Role.FLAGS).decisions for mark in decision["marks"]}
    assert {"key_missing", "key_mismatch"} <= marks
    again = deployment.settings.score.group + "-strict"
    assert (
        deployment.score("--max-messages", "2", score_start=EARLIEST, score_group=again, checks_strict_keys="true") == 0
    )
    reasons = [dict(each.headers())["dlq.reason"] for each in deployment.read(Role.DLQ).messages]
    assert reasons == [b"key_mismatch", b"key_mismatch"]


def test_a_card_number_is_neither_logged_nor_kept(deployment: Deployment) -> None:
    """With reject_pans the record goes to the dead letters as a hash; the number stands nowhere."""
    number = "4111111111111111"
    deployment.publish([deployment.transaction(1, card_id=number, **FLAGGED)])
    assert (
        deployment.score("--max-messages", "1", score_start=EARLIEST, checks_reject_pans="true", log_level="debug") == 0
    )
    (letter,) = deployment.read(Role.DLQ).messages
    assert dict(letter.headers())["dlq.reason"] == b"card_number"
    assert number.encode() not in letter.value() + letter.key()
    assert number not in deployment.log()


def test_flags_can_be_json(deployment: Deployment) -> None:
    """The same fields as text, for subscribers without Avro; the content type says so."""
    deployment.publish([deployment.transaction(1, **FLAGGED)])
    assert deployment.score("--max-messages", "1", score_start=EARLIEST, output_framing="json") == 0
    (flag,) = deployment.read(Role.FLAGS).messages
    decision = json.loads(flag.value())
    assert (decision["event_id"], decision["outcome"]) == ("event-1", "block")
    assert dict(flag.headers())["content-type"] == b"application/json"


def test_confluent_in_and_out(deployment: Deployment, registry_url: str) -> None:
    """Records and flags name their schema by the registry's id; decisions are registered under the topic's name."""
    client = SchemaRegistryClient({"url": registry_url})
    schema_id = client.register_schema("any", Schema(TRANSACTION.text, "AVRO"))
    deployment.publish_confluent([deployment.transaction(1, **FLAGGED)], schema_id)
    given = {"score_start": EARLIEST, "output_framing": "confluent", "registry_url": registry_url}
    assert deployment.score("--max-messages", "1", **given) == 0
    (flag,) = deployment.read(Role.FLAGS).messages
    written = client.get_schema(int.from_bytes(flag.value()[1:5], "big"))
    decision = schemaless_reader(io.BytesIO(flag.value()[5:]), json.loads(written.schema_str))
    assert decision["event_id"] == "event-1"


def test_a_wrong_client_property_is_refused_at_once(deployment: Deployment) -> None:
    """What no restart can help ends with 78 and names the property."""
    assert deployment.score("--max-seconds", "20", "--set", "kafka.properties.foo=bar") == 78
    assert 'No such configuration property: "foo"' in deployment.log()


def test_confluent_framing_needs_a_registry(deployment: Deployment) -> None:
    """A setting that cannot work is refused before the group is joined."""
    assert deployment.score("--max-seconds", "10", output_framing="confluent") == 78
