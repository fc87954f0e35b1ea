"""A log that lost records and was written anew in their place, as a broker in memory has it."""

from typing import Any

import pytest
from confluent_kafka import KafkaError
from support.answering import Memoryless, Worker, answered
from support.contract import InMemory, Kafka

from consumer.faults import was_cut
from consumer.point import Point
from schemas.errors import Misconfigured


@pytest.fixture
def kafka() -> Kafka:
    return Kafka(InMemory())


def cut(kafka: Kafka, offset: int) -> None:
    """What a broker does that comes back with less than it had, and leads again."""
    assert isinstance(kafka.cluster, InMemory)
    kafka.cluster.broker.partition((kafka.topic, 0)).cut(offset)


def send(kafka: Kafka, values: str) -> None:
    writer = kafka.plain()
    for value in values:
        writer.produce(kafka.topic, value.encode(), partition=0)
    writer.flush()


def answer(kafka: Kafka, answers: str, keeper: Any = None) -> Worker:
    worker = Worker(kafka, answers, keeper=keeper or Memoryless())
    worker.checkpoint.publish(worker.answer(worker.fetch()))
    return worker


@pytest.fixture
def answers(kafka: Kafka) -> str:
    return kafka.new_topic("answers")


@pytest.mark.parametrize("others", ["ef", "efg"])
def test_other_records_are_not_taken_for_those_that_were_answered(kafka: Kafka, answers: str, others: str) -> None:
    """The worker ends, and says what is to be decided; it does not score from the middle of another history."""
    send(kafka, "abcd")
    answer(kafka, answers)
    cut(kafka, 2)
    send(kafka, others)
    with pytest.raises(Misconfigured, match="not the one that was answered up to 4") as told:
        answer(kafka, answers)
    assert "operate move" in str(told.value.fix)
    assert answered(kafka, answers, 4) == ["a", "b", "c", "d"]


def test_a_leader_that_comes_back_with_everything_is_believed(kafka: Kafka, answers: str) -> None:
    """Its records have their epochs, and what it adds has another one."""
    send(kafka, "abcd")
    answer(kafka, answers)
    cut(kafka, 4)
    send(kafka, "ef")
    answer(kafka, answers)
    assert answered(kafka, answers, 6) == ["a", "b", "c", "d", "e", "f"]


def test_records_that_were_deleted_after_they_were_answered_are_not_missed(kafka: Kafka, answers: str) -> None:
    """The one before the cursor cannot be looked at then."""
    send(kafka, "abcd")
    answer(kafka, answers)
    assert isinstance(kafka.cluster, InMemory)
    kafka.cluster.broker.partition((kafka.topic, 0)).delete_before(4)
    send(kafka, "e")
    answer(kafka, answers)
    assert answered(kafka, answers, 5) == ["a", "b", "c", "d", "e"]


class Remembering(Memoryless):
    """As of one offset, and from the beginning where that is disowned."""

    def __init__(self, point: Point) -> None:
        self.point = point

    def restore(self, partition: int, committed: Point) -> Point:
        return self.point if partition == 0 else committed

    def disown(self, partition: int) -> None:
        self.point = Point(0)


def test_what_is_read_again_has_to_lead_to_what_was_answered(kafka: Kafka, answers: str) -> None:
    """State of before the cut is right, and the records after it are still not those that were answered."""
    send(kafka, "abcd")
    answer(kafka, answers)
    cut(kafka, 2)
    send(kafka, "efg")
    with pytest.raises(Misconfigured, match="not the one that was answered up to 4"):
        answer(kafka, answers, Remembering(Point(1, 0)))


def test_state_of_after_the_cut_is_not_gone_on_from(kafka: Kafka, answers: str) -> None:
    """Where somebody has decided where the group stands now, what is remembered is remembered anew."""
    send(kafka, "abcd")
    cut(kafka, 2)
    send(kafka, "efg")
    keeper = Remembering(Point(3, 0))
    mover = kafka.consumer()
    mover.commit(offsets=[kafka.at(0, 4)], asynchronous=False)
    worker = Worker(kafka, answers, keeper=keeper)
    fetched = worker.fetch()
    assert fetched.past is not None
    assert (keeper.point, list(fetched.past.values)) == (Point(0), [b"a", b"b", b"e", b"f"])


@pytest.mark.parametrize(("code", "text", "cut"), [
    (KafkaError._AUTO_OFFSET_RESET, f"at 7: {KafkaError(KafkaError._LOG_TRUNCATION).str()} (broker 1)", True),
    (KafkaError._AUTO_OFFSET_RESET, "Broker: Offset out of range", False),
    (KafkaError._TRANSPORT, KafkaError(KafkaError._LOG_TRUNCATION).str(), False),
])  # fmt: skip
def test_a_cut_is_told_from_records_that_were_deleted(code: int, text: str, cut: bool) -> None:
    """The client has one code for both, and different words."""
    assert was_cut(KafkaError(code, text)) == cut


@pytest.mark.parametrize(("here", "there", "may_be"), [
    (Point(5, 2), Point(9, 2), True),
    (Point(5, 2), Point(9, 3), True),
    (Point(5, 3), Point(9, 2), False),
    (Point(9, 2), Point(5, 2), False),
    (Point(5, 2), Point(5, 2), True),
    (Point(5, 2), Point(5, 3), False),
    (Point(5), Point(5, 3), True),
    (Point(5, 3), Point(9), True),
])  # fmt: skip
def test_leader_epochs_never_sink_along_a_log(here: Point, there: Point, may_be: bool) -> None:
    """And one record has one of them."""
    assert here.leads_to(there) == may_be
