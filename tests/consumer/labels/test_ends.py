"""The question where a topic ends: when it was asked counts, not when it was answered."""

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from support.label_topic import Clock

from consumer.labels.ends import EVERY_S, Ends, Marks
from consumer.trouble import Trouble


class Admin:
    """Answers when the test says so."""

    def __init__(self) -> None:
        self.described: list[Future[Any]] = []
        self.listed: list[dict[Any, Future[Any]]] = []

    def describe_topics(self, topics: Any, request_timeout: float) -> dict[str, Future[Any]]:
        self.described.append(Future())
        return {"labels": self.described[-1]}

    def list_offsets(self, asked: dict[Any, Any], **_: Any) -> dict[Any, Future[Any]]:
        self.listed.append({place: Future() for place in asked})
        return self.listed[-1]

    def tell_partitions(self, count: int) -> None:
        partitions = [SimpleNamespace(id=number) for number in range(count)]
        self.described[-1].set_result(SimpleNamespace(partitions=partitions))

    def tell_ends(self) -> None:
        for place, future in self.listed[-1].items():
            future.set_result(SimpleNamespace(offset=10 + place.partition))


class Bench:
    def __init__(self) -> None:
        self.admin, self.clock, self.seconds = Admin(), Clock(1_000), 0.0
        client: Any = self.admin
        self.trouble = Trouble("labels")
        self.ends = Ends(client, "labels", self.trouble, self.clock, lambda: self.seconds)

    def later(self, seconds: float) -> Marks | None:
        self.seconds += seconds
        self.clock.ms += int(1000 * seconds)
        return self.ends.answer()


def test_the_moment_is_that_before_the_question() -> None:
    """Answers may take as long as they like: what was published meanwhile is not promised."""
    bench = Bench()
    assert bench.ends.answer() is None
    assert bench.later(2.0) is None
    bench.admin.tell_partitions(2)
    assert bench.later(2.0) is None
    bench.admin.tell_ends()
    marks = bench.later(2.0)
    assert marks is not None
    assert (marks.at_ms, marks.ends) == (1_000, {0: 10, 1: 11})


def test_one_question_at_a_time() -> None:
    """Also when nobody answers; the next one not sooner than is useful."""
    bench = Bench()
    for _ in range(10):
        bench.later(EVERY_S)
    assert len(bench.admin.described) == 1
    bench.admin.tell_partitions(1)
    bench.later(0.0)
    bench.admin.tell_ends()
    assert bench.later(0.0) is not None
    assert bench.later(0.0) is None
    assert len(bench.admin.described) == 2
    bench.admin.tell_partitions(1)
    bench.later(0.0)
    bench.admin.tell_ends()
    assert bench.later(0.0) is not None
    assert bench.later(EVERY_S / 2) is None
    assert len(bench.admin.described) == 2


def test_a_question_that_failed_is_asked_again() -> None:
    """With all its partitions, at a later moment; what the broker said is heard."""
    bench = Bench()
    bench.ends.answer()
    bench.admin.described[-1].set_exception(KafkaException(KafkaError(KafkaError._TIMED_OUT)))
    assert bench.later(EVERY_S) is None
    assert bench.trouble.heard
    bench.later(0.0)
    bench.admin.tell_partitions(1)
    bench.later(0.0)
    bench.admin.tell_ends()
    marks = bench.later(0.0)
    assert marks is not None
    assert marks.at_ms == 1_000 + 1_000 * EVERY_S
