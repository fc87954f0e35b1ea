"""Records and offsets that the broker refuses, and when offsets are committed, in the mode without transactions."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from support.contract import InMemory, Kafka
from support.simulation.fold import Shelf, SmallScorer, SmallState
from support.simulation.small import NoOrders

from consumer.at_least_once import COMMIT_EVERY_S, AtLeastOnce
from consumer.checkpoint import FAILURES
from consumer.epochs import Epochs
from consumer.life import Life
from consumer.lots import Outgoing, Pending, Span
from consumer.owed import Owed
from consumer.source import KafkaSource
from consumer.trouble import Trouble
from consumer.worker import Worker
from schemas.errors import Fenced, Misconfigured, RestartMe


@dataclass
class Client:
    """Refuses every record with the same error, when it is flushed."""

    error: KafkaError
    waiting: list[Any] = field(default_factory=list)

    def produce(self, *given: Any) -> None:
        self.waiting.append(given[4])

    def poll(self, _: float) -> None:
        """Nothing to say."""

    def flush(self, _: float) -> int:
        for delivered in self.waiting:
            delivered(self.error, None)
        self.waiting.clear()
        return 0


@dataclass
class Source:
    positions: dict[int, int] = field(default_factory=lambda: {0: 5})
    held: int = 0

    def hold(self) -> None:
        self.held += 1


def refused(code: int, *, ending: bool = False) -> tuple[int, Source, BaseException]:
    """How many clients it took, and how it ended."""
    source, made = Source(), []

    def make(_: Any) -> Client:
        made.append(Client(KafkaError(code)))
        return made[-1]

    checkpoint = AtLeastOnce(source, make, call_s=0.1, give_up=lambda: ending)  # type: ignore[arg-type]
    checkpoint.start()
    pending = Pending([Outgoing("flags", 0, b"c", b"v", [])], {0: Span(5, 5, 6)})
    with pytest.raises((Misconfigured, RestartMe)) as raised:
        checkpoint.publish(pending)
    return len(made), source, raised.value


def test_a_record_that_is_refused_again_and_again_ends_the_worker() -> None:
    """Not before the group was served in between, and not without end: each try writes the whole lot once more."""
    made, source, end = refused(KafkaError._MSG_TIMED_OUT)
    assert (made, source.held) == (1 + FAILURES, FAILURES)
    assert isinstance(end, RestartMe)
    assert "refused records 3 times" in end.message


def test_a_record_that_no_try_can_help_says_what_to_do() -> None:
    """A topic that takes smaller records than are written needs somebody."""
    made, _, end = refused(KafkaError.MSG_SIZE_TOO_LARGE)
    assert made == 1
    assert isinstance(end, Misconfigured)
    assert "max.message.bytes" in str(end.fix)


def test_a_worker_that_is_to_end_does() -> None:
    """It does not go on trying."""
    made, _, end = refused(KafkaError._MSG_TIMED_OUT, ending=True)
    assert made == 1
    assert "asked to end" in str(end)


@dataclass
class Group:
    """Refuses commits with these errors, one after the other."""

    refusals: list[int] = field(default_factory=list)
    committed: list[int] = field(default_factory=list)

    def commit(self, offsets: list[TopicPartition], asynchronous: bool) -> list[TopicPartition]:
        if self.refusals:
            raise KafkaException(KafkaError(self.refusals.pop(0)))
        self.committed += [each.offset for each in offsets]
        return []


class Delivering(Client):
    def __init__(self) -> None:
        super().__init__(None)  # type: ignore[arg-type]


class Owing(Source):
    def __init__(self, group: Group) -> None:
        super().__init__()
        self.owed = Owed(group, lambda spans: [TopicPartition("t", each, span.end) for each, span in spans.items()])  # type: ignore[arg-type]

    def advance(self, spans: dict[int, Span]) -> None:
        self.positions |= {each: span.end for each, span in spans.items()}


@dataclass
class Scene:
    refusals: list[int] = field(default_factory=list)
    ending: bool = False
    time: float = 0.0

    def __post_init__(self) -> None:
        self.group = Group(self.refusals)
        self.source = Owing(self.group)
        given: Any = {"call_s": 0.1, "give_up": lambda: self.ending, "now": lambda: self.time}
        self.checkpoint = AtLeastOnce(self.source, lambda _: Delivering(), **given)  # type: ignore[arg-type]
        self.checkpoint.start()

    def publish(self, at: float) -> list[int]:
        """One more record; what was committed by then."""
        self.time = at
        start = self.source.positions[0]
        span = Span(start, start, start + 1)
        self.checkpoint.publish(Pending([Outgoing("flags", 0, b"c", b"v", [])], {0: span}))
        return self.group.committed


def test_lots_that_follow_each_other_are_committed_every_so_often() -> None:
    """A lone one at once; the last of a burst when nothing came for so long, not at each end of the log."""
    scene = Scene()
    assert scene.publish(10.0) == [6]
    assert scene.publish(10.0 + COMMIT_EVERY_S / 2) == [6]
    assert scene.publish(10.0 + COMMIT_EVERY_S * 1.1) == [6, 8]
    assert scene.publish(10.0 + COMMIT_EVERY_S * 1.2) == [6, 8]
    scene.checkpoint.idle()
    assert scene.group.committed == [6, 8]
    scene.time += COMMIT_EVERY_S
    scene.checkpoint.idle()
    assert scene.group.committed == [6, 8, 9]
    scene.checkpoint.idle()
    assert scene.publish(10.0 + COMMIT_EVERY_S * 9) == [6, 8, 9, 10]


def test_an_idle_moment_puts_no_commit_off() -> None:
    """A worker that dies of its second lot again and again would repeat the first for ever."""
    scene = Scene()
    scene.checkpoint.idle()
    assert scene.publish(0.0) == [6]


def test_the_end_commits_what_is_owed() -> None:
    """It is the last thing that is done with the group."""
    scene = Scene()
    for _ in range(3):
        scene.publish(0.0)
    scene.checkpoint.close()
    assert scene.group.committed == [6, 8]


def test_a_commit_that_failed_is_tried_again_while_the_group_is_served() -> None:
    """What was delivered is not delivered again for it."""
    scene = Scene(refusals=[KafkaError._TIMED_OUT, KafkaError.COORDINATOR_LOAD_IN_PROGRESS])
    assert scene.publish(0.0) == [6]
    assert scene.source.held == 2


@pytest.mark.parametrize(
    ("codes", "kind", "said"),
    [
        ([KafkaError._TIMED_OUT] * FAILURES, RestartMe, "3 offset commits in a row failed"),
        ([KafkaError.FENCED_INSTANCE_ID], Fenced, "took this slot over"),
        ([KafkaError.GROUP_AUTHORIZATION_FAILED], Misconfigured, "refused"),
    ],
)
def test_a_commit_that_no_try_can_help_ends_the_worker(codes: list[int], kind: type[Exception], said: str) -> None:
    """When it is due, as when there is nothing else to do."""
    with pytest.raises(kind, match=said):
        Scene(refusals=[*codes]).publish(0.0)
    scene = Scene()
    for _ in range(2):
        scene.publish(0.0)
    scene.group.refusals += codes
    scene.time = COMMIT_EVERY_S
    with pytest.raises(kind, match=said):
        scene.checkpoint.idle()


def test_a_worker_that_is_to_end_tries_a_commit_once() -> None:
    """A broker that is away does not keep it."""
    scene = Scene(refusals=[KafkaError._TIMED_OUT] * FAILURES, ending=True)
    with pytest.raises(RestartMe, match="asked to end while offsets could not be committed"):
        scene.publish(0.0)
    assert scene.group.refusals == [KafkaError._TIMED_OUT] * (FAILURES - 1)


ONE_EPOCH = 1


@dataclass
class Watched(SmallState):
    """Notes, whenever snapshots may be taken, how far it is folded and where the group stands."""

    kafka: Any = None
    seen: list[tuple[int, int]] = field(default_factory=list)

    def write_due(self, label_offsets: Any) -> None:
        self.seen += [(each.offset, self.kafka.committed(number)) for number, each in self.standings.items()]


def test_snapshots_are_taken_of_what_is_committed() -> None:
    """While lots follow each other, and at the end."""
    kafka = Kafka(InMemory())
    kafka.commit(kafka.ready("writer"), *"1234567")
    state = Watched(Shelf(), lambda: False, kafka=kafka)
    source = KafkaSource(
        kafka.consumer(group_instance_id="slot"),
        Trouble("consumer"),
        kafka.topic,
        state,
        lot_rows=1,
        lot_bytes=1_000_000,
        poll_s=0.05,
        partitions=2,
        first_offset=lambda *_: 0,
    )
    given: Any = {"call_s": 1.0, "give_up": lambda: False, "now": kafka.cluster.now}
    checkpoint = AtLeastOnce(source, lambda _: kafka.plain(), **given)
    for topic in ("decisions", "epochs"):
        kafka.cluster.create(topic, 2)
    scorer: Any = SmallScorer(Epochs("0", "slot"), state, lambda: ("model", "churn"))
    orders: Any = NoOrders()
    Worker(source, scorer, checkpoint, orders, Life(), max_messages=7 + ONE_EPOCH).run()
    assert all(folded <= committed for folded, committed in state.seen)
    assert state.seen[-2:] == [(7, 7), (0, 0)]
