"""Known mistakes lose or double records on a real broker too, and the sound worker in the same place does not."""

from contextlib import suppress
from typing import Any

import pytest
from support.answering import Died, Worker, answered
from support.contract import Kafka
from support.simulation.mutants import MUTANTS

from consumer.checkpoint import ExactlyOnce

SOUND = ["a", "b"]
AFTER_A_CRASH = [
    ("offsets are committed before anything is produced", "before", []),
    ("offsets are committed after the transaction", "after", [*SOUND, *SOUND]),
]
WITHOUT_REPLY = [
    ("what failed is sent again without asking", True, [*SOUND, *SOUND]),
    ("a time-out of the commit means not done", True, [*SOUND, *SOUND]),
    ("a time-out of the commit means done", False, []),
]


def mistaken(name: str) -> Any:
    return MUTANTS[name].make().exactly_once


def published(kafka: Kafka) -> None:
    kafka.commit(kafka.ready("writer"), *SOUND)


@pytest.mark.parametrize(("name", "moment", "found"), AFTER_A_CRASH)
def test_offsets_beside_the_transaction(kafka: Kafka, answers: str, name: str, moment: str, found: list[str]) -> None:
    """A crash at the commit loses what was ahead of it, and doubles what was behind."""
    published(kafka)
    _crash(kafka, answers, mistaken(name), moment)
    assert answered(kafka, answers, len(found)) == found


@pytest.mark.parametrize("moment", ["before", "after"])
def test_offsets_within_the_transaction(kafka: Kafka, answers: str, moment: str) -> None:
    """The same crash, the sound worker."""
    published(kafka)
    _crash(kafka, answers, ExactlyOnce, moment)
    assert answered(kafka, answers, 2) == SOUND


@pytest.mark.parametrize(("name", "done", "found"), WITHOUT_REPLY)
def test_guessing_what_became_of_a_commit(kafka: Kafka, answers: str, name: str, done: bool, found: list[str]) -> None:
    """Either guess is wrong half of the time."""
    published(kafka)
    worker = Worker(kafka, answers, kind=mistaken(name), unheard=[done])
    pending = worker.answer(worker.fetch())
    worker.checkpoint.publish(pending)
    assert answered(kafka, answers, len(found)) == found


@pytest.mark.parametrize(("isolation", "found"), [("read_uncommitted", ["never", *SOUND]), ("read_committed", SOUND)])
def test_reading_what_is_not_committed(kafka: Kafka, answers: str, isolation: str, found: list[str]) -> None:
    """Answers records that never were."""
    kafka.abort(kafka.ready("writer"), "never")
    published(kafka)
    worker = Worker(kafka, answers, reading={"isolation_level": isolation})
    kafka.until(lambda: worker.turn().get(0, 0) == 4, "all to be answered")
    assert answered(kafka, answers, len(found)) == found


@pytest.mark.parametrize(("by_itself", "found"), [(True, []), (False, SOUND)])
def test_a_client_that_commits_by_itself(kafka: Kafka, answers: str, by_itself: bool, found: list[str]) -> None:
    """What was handed out counts as done, so a crash before the answer loses it."""
    published(kafka)
    reading = {"enable_auto_commit": by_itself, "enable_auto_offset_store": by_itself, "auto_commit_interval_ms": 50}
    worker = Worker(kafka, answers, reading=reading)
    worker.fetch()
    for _ in range(10):
        worker.source.hold()
        kafka.cluster.wait(0.05)
    _finish(kafka, answers, 2 if found else 0)
    assert answered(kafka, answers, len(found)) == found


def _crash(kafka: Kafka, answers: str, kind: Any, moment: str) -> None:
    """At the commit of the only lot; then a sound successor does what it finds to be done."""
    worker = Worker(kafka, answers, kind=kind, dies=[moment])
    with suppress(Died):
        worker.checkpoint.publish(worker.answer(worker.fetch()))
    _finish(kafka, answers, 2)


def _finish(kafka: Kafka, answers: str, least: int) -> None:
    """A successor in the slot, until everything that there is is committed."""
    successor = Worker(kafka, answers)
    kafka.until(lambda: successor.turn().get(0, 0) >= 2, "the group to be at the end")
    assert kafka.committed() >= least
