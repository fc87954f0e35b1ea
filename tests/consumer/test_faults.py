"""Servers and workers that fail, on a broker of the test's own; what readers see afterwards is audited."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.deployment import Deployment, fresh_settings
from support.registry import registry

from fraudstream.local.ports import pick
from fraudstream.local.running import Servers, running
from schemas.contracts import TRANSACTION
from schemas.partitioner import partition
from schemas.topics import Role

LOAD = 6000
BURST = 200


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with running(tmp_path_factory.mktemp("own")) as servers:
        yield servers


@pytest.fixture
def deployment(own: Servers, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(fresh_settings(own, tmp_path), tmp_path)
    yield deployment
    deployment.end()


def under_load(deployment: Deployment, strike: Callable[[], None]) -> None:
    """Publishes in bursts for some seconds; the fault strikes after the first third."""
    third = threading.Event()

    def publish() -> None:
        for first in range(0, LOAD, BURST):
            deployment.publish([deployment.transaction(number) for number in range(first, first + BURST)])
            if first >= LOAD // 3:
                third.set()
            time.sleep(0.05)

    thread = threading.Thread(target=publish)
    thread.start()
    assert third.wait(60)
    strike()
    thread.join()


def audit(deployment: Deployment, *, doubles: bool = False) -> None:
    """Every transaction has one decision, and each card's decisions stand in the order of its transactions.

    Where doubles are allowed the first of an event counts.
    """
    wanted = {f"event-{number}" for number in range(LOAD)}
    decisions = deployment.await_records(Role.SCORES, LOAD).decisions
    deadline = time.monotonic() + 60
    while doubles and {each["event_id"] for each in decisions} != wanted and time.monotonic() < deadline:
        decisions = deployment.read(Role.SCORES).decisions
    firsts = list({each["event_id"]: each for each in reversed(decisions)}.values())[::-1]
    assert doubles or len(firsts) == len(decisions)
    decisions = firsts
    assert Counter(each["event_id"] for each in decisions) == Counter(wanted)
    for card in {each["card_id"] for each in decisions}:
        offsets = [each["source"]["offset"] for each in decisions if each["card_id"] == card]
        assert offsets == sorted(offsets)


@pytest.mark.parametrize("delivery", ["exactly_once", "at_least_once"])
def test_a_broker_that_is_killed_and_comes_back(deployment: Deployment, own: Servers, delivery: str) -> None:
    """Workers wait for it, go on by themselves, and nothing is lost; nor doubled, where that is promised."""
    given = {"score_start": "earliest", "output_scores": "true", "score_lot_rows": "100"}
    process = deployment.start("--workers", "2", "--delivery", delivery, **given)
    deployment.await_event("source.assigned", 2)

    def strike() -> None:
        own.kafka.kill()
        own.kafka.start()

    under_load(deployment, strike)
    audit(deployment, doubles=delivery == "at_least_once")
    assert deployment.stop(process) == 0
    seen = Counter(event["event"] for event in deployment.events())
    assert seen.keys() & {"checkpoint.failed", "client.trouble", "slot.died"}, seen


def test_a_broker_that_stands_still(deployment: Deployment, own: Servers) -> None:
    """Frozen for seven seconds: calls time out or hang, slots recycle or restart, and nothing is lost or doubled."""
    process = deployment.start(score_start="earliest", output_scores="true", score_lot_rows="100")
    deployment.await_event("source.assigned")

    def strike() -> None:
        own.kafka.pause()
        time.sleep(7)
        own.kafka.resume()

    under_load(deployment, strike)
    audit(deployment)
    assert deployment.stop(process) == 0
    assert any(event["event"] in {"checkpoint.failed", "slot.died"} for event in deployment.events())


def test_workers_that_are_killed_at_least_once(deployment: Deployment) -> None:
    """In the low-latency mode a killed worker may answer twice, and never not at all."""
    process = deployment.start(
        "--delivery", "at_least_once", score_start="earliest", output_scores="true", score_lot_rows="50"
    )
    deployment.await_event("source.assigned")
    under_load(deployment, lambda: os.kill(deployment.await_event("slot.started")[-1]["pid"], signal.SIGKILL))
    audit(deployment, doubles=True)
    assert deployment.stop(process) == 0
    assert any(event["event"] == "slot.died" for event in deployment.events())


def test_a_worker_that_stands_still_comes_back_as_a_zombie(deployment: Deployment) -> None:
    """Stopped past its session while a successor works: it is fenced or refused, and its lot is not doubled."""
    process = deployment.start(
        "--workers",
        "2",
        score_start="earliest",
        output_scores="true",
        score_lot_rows="100",
        score_session_timeout_ms="2000",
    )
    deployment.await_event("source.assigned", 2)
    zombie = deployment.await_event("slot.started", 2)[0]["pid"]

    def strike() -> None:
        os.kill(zombie, signal.SIGSTOP)
        time.sleep(4)
        os.kill(zombie, signal.SIGCONT)

    under_load(deployment, strike)
    audit(deployment)
    assert deployment.stop(process) == 0


def test_a_slot_in_use_elsewhere_ends(deployment: Deployment) -> None:
    """Two nodes with one name fence each other twice at most; then one of them says so and ends with 78."""
    processes = [deployment.start(score_start="earliest"), deployment.start(score_start="earliest")]
    deployment.await_event("slot.in_use")
    deadline = time.monotonic() + 30
    while all(process.poll() is None for process in processes) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert 78 in [process.poll() for process in processes]


def test_redis_that_goes_away_and_comes_back(deployment: Deployment, own: Servers) -> None:
    """Scoring goes on without churn, says so in every decision, and ends saying so when Redis is back.

    From then on its generation serves while Redis hangs.
    """
    own.redis.kill()
    process = deployment.start(score_start="earliest", output_scores="true")
    deployment.publish([deployment.transaction(number) for number in range(100)])
    decisions = deployment.await_records(Role.SCORES, 100).decisions
    assert {each["churn"]["status"] for each in decisions} == {"unavailable"}
    assert {tuple(each["degraded"]) for each in decisions} == {("churn_unavailable",)}
    own.redis.start()
    deployment.publish_churn({str(customer): 250_000 for customer in range(10)})
    deadline = time.monotonic() + 30
    statuses: set[str] = set()
    while statuses != {"fresh", "unknown_customer"} and time.monotonic() < deadline:
        deployment.publish([deployment.transaction(number) for number in range(100)])
        statuses = {each["churn"]["status"] for each in deployment.read(Role.SCORES).decisions[-30:]}
    latest = max(deployment.read(Role.SCORES).decisions, key=lambda each: each["scored_at"])
    assert latest["degraded"] == []
    assert latest["churn"]["generation"] == "test-1"
    own.redis.pause()
    try:
        deployment.publish([deployment.transaction(number, event_id=f"hung-{number}") for number in range(100)])
        hung = [each for each in _all(deployment) if each["event_id"].startswith("hung")]
    finally:
        own.redis.resume()
    assert {each["churn"]["generation"] for each in hung} == {"test-1"}
    assert {each["churn"]["status"] for each in hung} == {"fresh", "unknown_customer"}
    assert {*deployment.await_event("churn.unavailable")[0]} >= {"why", "still"}
    assert deployment.stop(process) == 0


def _all(deployment: Deployment) -> list[dict[str, Any]]:
    """Once the last hundred have come."""
    deadline = time.monotonic() + 30
    while sum(each["event_id"].startswith("hung") for each in deployment.read(Role.SCORES).decisions) < 100:
        assert time.monotonic() < deadline
    return deployment.read(Role.SCORES).decisions


def test_a_registry_that_is_away_is_waited_for(deployment: Deployment) -> None:
    """Records with an id nobody can be asked for wait with what is behind them, other partitions do not; none goes to
    the dead letters; then all are scored, in order.
    """
    port, partitions = pick(random.Random(0)), deployment.settings.topics.partitions
    process = deployment.start(score_start="earliest", output_scores="true", registry_url=f"http://127.0.0.1:{port}")
    deployment.publish_confluent([deployment.transaction(0) for _ in range(20)], schema_id=1)
    deployment.await_event("worker.registry_away")
    held = partition(b"card-0", partitions, "murmur2")
    rows = [deployment.transaction(number) for number in range(1, 50)]
    free = [row for row in rows if partition(str(row["card_id"]).encode(), partitions, "murmur2") != held]
    assert 0 < len(free) < len(rows)
    deployment.publish(rows)
    deployment.await_records(Role.SCORES, len(free))
    assert {each.partition() for each in deployment.read(Role.SCORES).messages} & {held} == set()
    with registry(port, TRANSACTION.text):
        scores = deployment.await_records(Role.SCORES, 69).messages
    assert len(scores) == 69
    assert deployment.await_event("partition.goes_on")[0]["partition"] == held
    assert deployment.read(Role.DLQ).messages == []
    assert deployment.stop(process) == 0
