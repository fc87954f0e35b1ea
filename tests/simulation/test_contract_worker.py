"""Source, sink and checkpoint of the worker, on a real broker and on the one in memory alike."""

from collections.abc import Callable

import pytest
from support.answering import Worker, answered
from support.contract import Kafka

from consumer.at_least_once import AtLeastOnce
from consumer.lots import Outgoing, Pending, Span
from schemas.errors import Fenced


def test_a_lot_is_published_with_its_offsets(kafka: Kafka, answers: str) -> None:
    """The next one begins behind it, markers and aborted records included."""
    writer, worker = kafka.ready("writer"), Worker(kafka, answers)
    kafka.abort(writer, "never")
    kafka.commit(writer, "a", "b")
    fetched = worker.fetch()
    assert fetched.spans == {0: Span(start=0, first=2, end=4, epoch=0)}
    worker.checkpoint.publish(worker.answer(fetched))
    assert (kafka.committed(), worker.source.positions) == (4, {0: 4, 1: 0})
    kafka.commit(writer, "c")
    fetched = worker.fetch()
    assert fetched.spans == {0: Span(start=4, first=5, end=6, epoch=0)}
    worker.checkpoint.publish(worker.answer(fetched))
    assert answered(kafka, answers, 3) == ["a", "b", "c"]


@pytest.mark.parametrize("done", [True, False])
def test_a_commit_whose_reply_never_came_is_asked_about(kafka: Kafka, answers: str, done: bool) -> None:
    """Whether it went through or not: once it is answered, and once alone."""
    worker = Worker(kafka, answers, unheard=[done])
    kafka.commit(kafka.ready("writer"), "a", "b")
    worker.checkpoint.publish(worker.answer(worker.fetch()))
    assert answered(kafka, answers, 2) == ["a", "b"]
    assert kafka.committed() == 2


def test_a_successor_goes_on_behind_what_was_committed(kafka: Kafka, answers: str) -> None:
    """What its predecessor had open is gone, and what it had computed is computed again."""
    worker = Worker(kafka, answers, lot_rows=1)
    kafka.commit(kafka.ready("writer"), "a", "b")
    worker.checkpoint.publish(worker.answer(worker.fetch()))
    pending = worker.answer(worker.fetch())
    successor = Worker(kafka, answers)
    with pytest.raises(Fenced):
        worker.checkpoint.publish(pending)
    fetched = successor.fetch()
    assert fetched.raw.values == [b"b"]
    successor.checkpoint.publish(successor.answer(fetched))
    assert answered(kafka, answers, 2) == ["a", "b"]


def test_while_a_lot_is_pending_nothing_is_fetched_and_nothing_lost(kafka: Kafka, answers: str) -> None:
    """The group is served meanwhile; the records that came are in the next lot."""
    worker, writer = Worker(kafka, answers), kafka.ready("writer")
    kafka.commit(writer, "a")
    pending = worker.answer(worker.fetch())
    kafka.commit(writer, "b")
    for _ in range(20):
        worker.source.hold()
        kafka.cluster.wait(0.02)
    worker.checkpoint.publish(pending)
    worker.checkpoint.publish(worker.answer(worker.fetch()))
    assert answered(kafka, answers, 2) == ["a", "b"]


def test_rows_of_a_partition_that_goes_are_answered_by_who_has_it_next(kafka: Kafka, answers: str) -> None:
    """A lot that cannot be committed any more in its generation is cut down to what is still owned."""
    worker, writer = Worker(kafka, answers, name="a-slot"), kafka.ready("writer")
    kafka.commit(writer, "zero", partition=0)
    kafka.commit(writer, "one", partition=1)
    spans: dict[int, Span] = {}
    records: list[Outgoing] = []
    while spans.keys() != {0, 1}:
        fetched = worker.fetch()
        spans |= fetched.spans
        records += worker.answer(fetched).records
    other = Worker(kafka, answers, name="b-slot")
    kafka.until(_shared_out(worker, other), "the partitions to be shared")
    worker.checkpoint.publish(Pending(records, spans))
    kafka.until(lambda: other.turn().get(1, 0) > 0, "the other's answer")
    assert [answered(kafka, answers, 1, each) for each in (0, 1)] == [["zero"], ["one"]]


def _shared_out(worker: Worker, other: Worker) -> Callable[[], bool]:
    def shared() -> bool:
        worker.source.hold()
        return other.turn().keys() == {1} and worker.source.positions.keys() == {0}

    return shared


def test_at_least_once_answers_again_what_it_did_not_commit(kafka: Kafka, answers: str) -> None:
    """The same record twice, never none."""
    worker = Worker(kafka, answers, kind=AtLeastOnce)
    kafka.commit(kafka.ready("writer"), "a")
    pending = worker.answer(worker.fetch())
    worker.checkpoint._deliver(pending)
    successor = Worker(kafka, answers, kind=AtLeastOnce)
    successor.checkpoint.publish(successor.answer(successor.fetch()))
    assert answered(kafka, answers, 2) == ["a", "a"]
    assert kafka.committed() == 1


def test_a_crash_before_a_commit_answers_again_what_was_delivered_since_the_last(kafka: Kafka, answers: str) -> None:
    """The first lot is committed at once; those that follow it closely are owed, and nothing is lost of them."""
    worker = Worker(kafka, answers, kind=AtLeastOnce, lot_rows=1, now=lambda: 0.0)
    kafka.commit(kafka.ready("writer"), "a", "b", "c")
    for _ in range(2):
        worker.checkpoint.publish(worker.answer(worker.fetch()))
    assert (worker.source.positions[0], kafka.committed()) == (2, 1)
    worker.source.owed.drop({0})  # nothing is left of it
    successor = Worker(kafka, answers, kind=AtLeastOnce)
    successor.checkpoint.publish(successor.answer(successor.fetch()))
    assert answered(kafka, answers, 4) == ["a", "b", "b", "c"]
    assert kafka.committed() == 3


def test_what_is_owed_is_committed_before_a_partition_is_given_away(kafka: Kafka, answers: str) -> None:
    """Whoever has it next answers nothing again."""
    worker = Worker(kafka, answers, kind=AtLeastOnce, name="a-slot", lot_rows=1, now=lambda: 0.0)
    writer = kafka.ready("writer")
    kafka.commit(writer, "zero", partition=0)
    worker.checkpoint.publish(worker.answer(worker.fetch()))
    kafka.commit(writer, "one", partition=1)
    worker.checkpoint.publish(worker.answer(worker.fetch()))
    assert kafka.committed(1) == 0
    other = Worker(kafka, answers, kind=AtLeastOnce, name="b-slot")
    kafka.until(_shared_out(worker, other), "the partitions to be shared")
    assert (kafka.committed(1), other.source.positions) == (1, {1: 1})
    assert not worker.source.owed
    assert answered(kafka, answers, 1, 1) == ["one"]


def test_a_new_groups_beginning_is_committed_though_nothing_comes(kafka: Kafka, answers: str) -> None:
    """A crash before the first lot must not move it."""
    worker = Worker(kafka, answers)
    kafka.until(lambda: worker.turn().keys() == {0, 1}, "an assignment")
    worker.turn()
    assert kafka.committed() == 0
