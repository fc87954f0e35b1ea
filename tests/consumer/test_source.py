"""The input side around rebalances, which a real broker cannot be made to time to the message."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from consumer.lots import Fetched, Span
from consumer.point import Point
from consumer.source import KafkaSource
from consumer.trouble import Trouble
from schemas.errors import Fenced, Misconfigured, RestartMe

TOPIC = "transactions"


@dataclass
class Message:
    at: int
    number: int = 0
    fault: KafkaError | None = None
    placed: bool = False
    epoch: int | None = None

    def error(self) -> KafkaError | None:
        return self.fault

    def partition(self) -> int | None:
        return self.number if self._placed else None

    def offset(self) -> int | None:
        return self.at if self._placed else None

    @property
    def _placed(self) -> bool:
        """The end of a partition has its place; other faults have none."""
        return self.placed or self.fault is None or self.fault.code() == KafkaError._PARTITION_EOF

    def timestamp(self) -> tuple[int, int]:
        return 1, 1_700_000_000_000

    def key(self) -> bytes:
        return b"card"

    def leader_epoch(self) -> int | None:
        return self.epoch

    def value(self) -> bytes:
        return b"{}"

    def __len__(self) -> int:
        return 2


@dataclass(frozen=True)
class Answer:
    """To a commit, for one partition."""

    partition: int
    error: KafkaError | None


Step = Message | Callable[[], None] | None


@dataclass
class Client:
    """Polls through a script of messages, gaps (None) and things that happen inside a poll."""

    offsets: dict[int, int]
    script: list[Step] = field(default_factory=list)
    paused: set[int] = field(default_factory=set)
    committed_by_us: list[dict[int, int]] = field(default_factory=list)
    refusals: list[KafkaError] = field(default_factory=list)
    refused: dict[int, KafkaError] = field(default_factory=dict)
    read: dict[int, int] = field(default_factory=dict)
    of: dict[int, int | None] = field(default_factory=dict)
    epochs: dict[int, int] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)

    def subscribe(self, _: list[str], on_assign: Any, on_revoke: Any, on_lost: Any) -> None:
        self.on_assign, self.on_revoke, self.on_lost = on_assign, on_revoke, on_lost

    def assigned(self, *numbers: int) -> None:
        self.on_assign(self, [TopicPartition(TOPIC, number) for number in numbers])

    def revoked(self, *numbers: int) -> None:
        self.on_revoke(self, [TopicPartition(TOPIC, number) for number in numbers])

    def lost(self, *numbers: int) -> None:
        self.on_lost(self, [TopicPartition(TOPIC, number) for number in numbers])

    def poll(self, _: float) -> Message | None:
        while self.script:
            step = self.script[0]
            if isinstance(step, Message) and not step.fault and (step.number in self.paused or not self._reads(step)):
                return None
            self.script.pop(0)
            if isinstance(step, Message) or step is None:
                return step
            step()
        return None

    def consume(self, most: int, _: float) -> list[Message]:
        found: list[Message] = []
        while len(found) < most and (message := self.poll(0)):
            found.append(message)
        return found

    def committed(self, asked: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        numbers = [each.partition for each in asked]
        return [
            TopicPartition(
                TOPIC, each, self.offsets.get(each, -1001), self.texts.get(each, ""), self.epochs.get(each, -1)
            )
            for each in numbers
        ]

    def commit(self, offsets: list[TopicPartition], asynchronous: bool) -> list[Answer]:
        if self.refusals:
            raise KafkaException(self.refusals.pop())
        self.committed_by_us.append({each.partition: each.offset for each in offsets})
        return [Answer(each.partition, self.refused.get(each.partition)) for each in offsets]

    def get_watermark_offsets(self, _: TopicPartition, timeout: float = 0, cached: bool = False) -> tuple[int, int]:
        return 3, 14 if cached else 9

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.read = {each.partition: each.offset for each in partitions}
        self.of = {each.partition: each.leader_epoch for each in partitions}

    def _reads(self, message: Message) -> bool:
        return message.number in self.read

    def pause(self, partitions: list[TopicPartition]) -> None:
        self.paused |= {each.partition for each in partitions}

    def resume(self, partitions: list[TopicPartition]) -> None:
        self.paused -= {each.partition for each in partitions}


@dataclass
class Keeper:
    """Remembers each partition up to an offset, else up to the committed one."""

    folded: dict[int, int] = field(default_factory=dict)
    asked: list[tuple[int, int]] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    known: bool = False
    disowned: list[int] = field(default_factory=list)
    slow: set[int] = field(default_factory=set)

    def begins(self, partition: int) -> None:
        if self.known:
            raise Misconfigured(f"partition {partition} is known")

    def restore(self, partition: int, committed: Point) -> Point | None:
        if partition in self.slow:
            return None
        self.asked.append((partition, committed.offset))
        return Point(self.folded[partition]) if partition in self.folded else committed

    def disown(self, partition: int) -> None:
        self.disowned.append(partition)
        self.folded.pop(partition, None)

    def leave(self, partition: int) -> None:
        self.left.append(partition)


def source_of(client: Client, keeper: Keeper | None = None, **given: Any) -> KafkaSource:
    usual = {"lot_rows": 100, "lot_bytes": 1_000_000, "poll_s": 0.0, "partitions": 6, "first_offset": lambda *_: 7}
    source = KafkaSource(client, Trouble("consumer"), TOPIC, keeper or Keeper(), **(usual | given))  # type: ignore[arg-type]
    source.begin()
    return source


def take(source: KafkaSource, most: int = 100) -> Fetched | None:
    """The next lot: partitions are restored in fetches of their own."""
    for _ in range(4):
        if fetched := source.fetch(most):
            return fetched
    return None


def rows(fetched: Fetched | None) -> list[int]:
    return [] if fetched is None else fetched.raw.offset.tolist()


def test_a_lot_begins_where_the_last_was_committed() -> None:
    """Its span starts at the committed offset, though transaction markers may lie before its first record."""
    client = Client({0: 10})
    source = source_of(client)
    client.script = [lambda: client.assigned(0), Message(12), Message(13)]
    fetched = take(source)
    assert fetched is not None
    assert fetched.spans == {0: Span(start=10, first=12, end=14)}


def owing(client: Client, **given: Any) -> KafkaSource:
    """Two partitions, a lot of each delivered and not committed."""
    source = source_of(client, **given)
    client.script = [lambda: client.assigned(0, 1), Message(10), Message(20, 1)]
    fetched = take(source)
    assert fetched is not None
    source.advance(fetched.spans)
    source.owed.add(fetched.spans)
    return source


def test_what_is_owed_is_committed_before_partitions_go() -> None:
    """All of it, with the last lot's offsets, once."""
    client = Client({0: 10, 1: 20})
    source = owing(client)
    client.script = [lambda: client.revoked(1), lambda: client.revoked(0)]
    source.hold()
    assert client.committed_by_us == [{0: 11, 1: 21}]


def test_what_is_owed_of_lost_partitions_is_not_committed() -> None:
    """Somebody else has them; what is owed of the others is owed still."""
    client = Client({0: 10, 1: 20})
    source = owing(client)
    client.script = [lambda: client.lost(1)]
    source.hold()
    assert client.committed_by_us == []
    source.owed.settle()
    assert (client.committed_by_us, bool(source.owed)) == ([{0: 11}], False)


def test_a_refused_commit_does_not_keep_a_partition() -> None:
    """It is answered again by whoever has it next: from what was committed, also where that is us."""
    client = Client({0: 10, 1: 20}, refusals=[KafkaError(KafkaError.ILLEGAL_GENERATION)])
    source = owing(client)
    client.script = [lambda: client.revoked(0, 1), lambda: client.assigned(0), Message(10)]
    assert rows(take(source)) == [10]
    assert (client.committed_by_us, source.positions, bool(source.owed)) == ([], {0: 10}, False)


def test_a_commit_that_ends_the_worker_ends_it_also_while_partitions_go() -> None:
    """With what it always says."""
    client = Client({0: 10, 1: 20}, refusals=[KafkaError(KafkaError.FENCED_INSTANCE_ID)])
    source = owing(client)
    client.script = [lambda: client.revoked(0, 1)]
    with pytest.raises(Fenced, match="took this slot over"):
        source.hold()


def test_what_is_owed_is_committed_when_a_partition_is_to_stand_still() -> None:
    """Where it stopped is told, and has to hold after a restart."""
    client = Client({0: 10, 1: 20})
    owing(client).keep_still(frozenset({1}))
    assert client.committed_by_us == [{0: 11, 1: 21}]


def test_a_commit_that_is_refused_for_one_partition_is_owed_still() -> None:
    """The client's call raises only where all of them are refused."""
    client = Client({0: 10, 1: 20}, refused={1: KafkaError(KafkaError.REQUEST_TIMED_OUT)})
    source = owing(client)
    with pytest.raises(KafkaException):
        source.owed.settle()
    assert source.owed
    client.refused.clear()
    source.owed.settle()
    assert client.committed_by_us[-1] == {0: 11, 1: 21}


def test_records_below_the_position_are_dropped() -> None:
    """Whoever sends them again: they have been answered."""
    client = Client({0: 10})
    source = source_of(client)
    client.script = [lambda: client.assigned(0), Message(8), Message(9), Message(10)]
    assert rows(take(source)) == [10]


def test_what_was_held_goes_with_its_partition() -> None:
    """Kept, it would skip the lot before it, which nobody committed, when the partition comes back."""
    client = Client({0: 10})
    source = source_of(client)
    client.script = [lambda: client.assigned(0), Message(10), None, Message(11)]
    assert rows(take(source, 1)) == [10]
    source.hold()
    source.hold()
    client.script = [lambda: client.revoked(0), lambda: client.assigned(0), Message(10), Message(11)]
    assert rows(take(source)) == [10, 11]


def test_records_fetched_twice_around_a_rebalance_are_one() -> None:
    """A partition that changes hands and comes back in the middle of a fetch sends its records again."""
    client = Client({0: 10})
    source = source_of(client)

    def away_and_back() -> None:
        client.revoked(0)
        client.assigned(0)

    client.script = [
        lambda: client.assigned(0),
        Message(10),
        Message(11),
        away_and_back,
        Message(10),
        Message(11),
        Message(12),
    ]
    fetched = take(source)
    assert rows(fetched) == [10, 11, 12]


def test_records_that_another_member_answered_meanwhile_are_dropped() -> None:
    """The position after the rebalance is the committed one, not ours."""
    client = Client({0: 10})
    source = source_of(client)

    def away_and_back() -> None:
        client.revoked(0)
        client.offsets[0] = 12
        client.assigned(0)

    client.script = [lambda: client.assigned(0), Message(10), Message(11), away_and_back, Message(12)]
    fetched = take(source)
    assert rows(fetched) == [12]
    assert fetched is not None
    assert fetched.spans[0].start == 12


def test_a_partition_that_comes_back_is_not_left_paused() -> None:
    """The client remembers a pause beyond the assignment it was made in."""
    client = Client({0: 10, 1: 0})
    source = source_of(client)
    client.script = [lambda: client.assigned(0, 1), None]
    take(source)
    source.hold()
    assert client.paused == {0, 1}
    client.revoked(0, 1)
    take(source)
    client.assigned(0, 1)
    take(source)
    assert client.read == {0: 10, 1: 0}
    assert client.paused == set()


def test_while_a_lot_is_pending_new_partitions_are_not_read() -> None:
    """Nothing may be fetched then."""
    client = Client({0: 10, 1: 0})
    source = source_of(client)
    client.script = [lambda: client.assigned(0), None]
    take(source)
    client.script = [lambda: client.assigned(1), Message(0, number=1)]
    source.hold()
    source.hold()
    assert client.read == {}
    fetched = take(source)
    assert client.read == {0: 10, 1: 0}
    assert rows(fetched) == [0]


def test_holding_fetches_nothing() -> None:
    """Records that wait are still there, in order, when the pending lot is done."""
    client = Client({0: 10})
    source = source_of(client)
    client.script = [lambda: client.assigned(0), None]
    take(source)
    client.script = [Message(10), Message(11)]
    source.hold()
    source.hold()
    assert len(client.script) == 2
    assert rows(take(source)) == [10, 11]


def test_a_partition_that_was_added_is_read_from_its_first_record() -> None:
    """Not from where a new group begins: records were published to it before anybody looked."""
    client = Client({0: 10})
    source = source_of(client, partitions=1)
    client.script = [lambda: client.assigned(0, 1), Message(3, number=1)]
    with pytest.raises(RestartMe, match="more partitions"):
        take(source)
    assert client.committed_by_us == [{1: 3}]


def test_every_handover_is_counted() -> None:
    """What was decided about a lot before one may no longer hold after it."""
    client = Client({0: 10})
    source = source_of(client)
    client.assigned(0)
    client.revoked(0)
    client.assigned(0)
    assert source.handovers == 3


def test_a_new_groups_beginning_is_committed_before_its_first_lot() -> None:
    """A crash before the first commit must not move it."""
    client = Client({})
    source = source_of(client)
    client.script = [lambda: client.assigned(0), Message(7)]
    assert rows(take(source)) == [7]
    assert client.committed_by_us == [{0: 7}]


def test_a_beginning_is_committed_though_nothing_comes() -> None:
    """A worker that is restarted on an idle topic must not begin later the second time."""
    client = Client({})
    source = source_of(client)
    client.script = [lambda: client.assigned(0), None]
    assert take(source) is None
    assert client.committed_by_us == [{0: 7}]


def test_a_beginning_that_was_refused_is_committed_again() -> None:
    """Nothing is scored before it is written down."""
    client = Client({}, refusals=[KafkaError(KafkaError.REBALANCE_IN_PROGRESS)])
    source = source_of(client)
    client.script = [lambda: client.assigned(0), None, None]
    assert source.fetch(100) is None
    assert client.committed_by_us == []
    source.fetch(100)
    assert client.committed_by_us == [{0: 7}]


def test_a_beginning_of_which_nothing_is_known_ends_the_worker() -> None:
    """The request may arrive yet, behind lots that would be committed until then; from its successor's time on not."""
    client = Client({}, refusals=[KafkaError(KafkaError._TIMED_OUT)])
    source = source_of(client)
    client.script = [lambda: client.assigned(0), None]
    with pytest.raises(RestartMe, match="not known"):
        source.fetch(100)


def test_positions_only_move_by_whole_lots() -> None:
    """A span that does not begin at the position would skip or repeat records."""
    client = Client({0: 10})
    source = source_of(client)
    client.script = [lambda: client.assigned(0), None]
    take(source)
    source.advance({0: Span(10, 10, 20)})
    assert source.positions == {0: 20}
    with pytest.raises(RestartMe):
        source.advance({0: Span(10, 10, 15)})


def test_the_number_of_records_is_bounded() -> None:
    """By what is asked for and by the lot's own limit; the rest comes with the next fetch."""
    client = Client({0: 0})
    source = source_of(client, lot_rows=3)
    client.script = [lambda: client.assigned(0), *(Message(each) for each in range(5))]
    assert rows(take(source, 2)) == [0, 1]
    source.advance({0: Span(0, 0, 2)})
    assert rows(take(source)) == [2, 3, 4]


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (KafkaError(KafkaError._FATAL, KafkaError(KafkaError.FENCED_INSTANCE_ID).str()), Fenced),
        (KafkaError(KafkaError._FATAL, "something"), RestartMe),
        (KafkaError(KafkaError._AUTO_OFFSET_RESET, "gone"), Misconfigured),
        (KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED, "no"), Misconfigured),
    ],
)
def test_errors_that_end_the_worker(error: KafkaError, end: type[Exception]) -> None:
    """What the client hands over as a message that no waiting can help."""
    client = Client({0: 10})
    source = source_of(client)
    client.script = [lambda: client.assigned(0), None, Message(0, fault=error, placed=True)]
    with pytest.raises(end):
        take(source)


CUT = KafkaError(KafkaError._AUTO_OFFSET_RESET, KafkaError(KafkaError._LOG_TRUNCATION).str())


def test_the_broker_is_told_whose_records_were_read() -> None:
    """The leader epoch of the last record goes with each offset that is committed, and with each that is read from."""
    client = Client({0: 10}, epochs={0: 3})
    source = source_of(client)
    client.script = [lambda: client.assigned(0), Message(10, epoch=3), Message(11, epoch=5)]
    fetched = take(source)
    assert fetched is not None
    assert (client.read, client.of) == ({0: 9}, {0: 3})
    (stands,) = source.as_offsets(fetched.spans)
    assert (stands.offset, stands.leader_epoch, dict(fetched.raw.epochs)) == (12, 5, {0: 5})
    source.advance(fetched.spans)
    source.put_back(fetched)
    assert (client.read, client.of) == ({0: 10}, {0: None})


def test_a_log_that_was_cut_below_the_committed_offset_ends_the_worker() -> None:
    """Others stand there now than were answered: only somebody can decide what that means."""
    client = Client({0: 10}, epochs={0: 3})
    source = source_of(client)
    client.script = [lambda: client.assigned(0), None, Message(0, fault=CUT, placed=True)]
    with pytest.raises(Misconfigured, match="truncation detected") as told:
        take(source)
    assert "operate move" in str(told.value.fix)


def test_a_log_that_was_cut_below_what_is_remembered_is_remembered_anew() -> None:
    """The keeper hears of it, and is asked once more where reading begins."""
    client, keeper = Client({0: 10}, epochs={0: 3}), Keeper({0: 7})
    source = source_of(client, keeper)
    client.script = [lambda: client.assigned(0), None, Message(0, fault=CUT, placed=True)]
    take(source)
    client.script = [Message(10, epoch=3)]
    assert keeper.disowned == [0]
    assert rows(take(source)) == [10]
    assert keeper.asked == [(0, 10), (0, 10)]


def test_passing_errors_do_not_disturb_records() -> None:
    """They are logged, and what came with them is scored."""
    client = Client({0: 10})
    source = source_of(client)
    passing = KafkaError(KafkaError._TRANSPORT, "reconnecting")
    client.script = [lambda: client.assigned(0), Message(10), Message(0, fault=passing), Message(11)]
    assert rows(take(source)) == [10, 11]


def test_what_was_answered_already_is_handed_out_as_past() -> None:
    """Reading begins where the keeper says; only records from the position on are to be answered."""
    client, keeper = Client({0: 10}), Keeper({0: 7})
    source = source_of(client, keeper)
    client.script = [lambda: client.assigned(0), *(Message(each) for each in range(7, 12))]
    fetched = take(source)
    assert (keeper.asked, client.read) == ([(0, 10)], {0: 7})
    assert fetched is not None
    assert fetched.past is not None
    assert fetched.past.offset.tolist() == [7, 8, 9]
    assert rows(fetched) == [10, 11]
    assert fetched.spans == {0: Span(start=10, first=10, end=12)}


def test_a_lot_may_be_all_past() -> None:
    """It has nothing to be answered, and no offsets to be committed; how far there is to go can be told."""
    client = Client({0: 10})
    source = source_of(client, Keeper({0: 7}))
    client.script = [lambda: client.assigned(0), Message(7), Message(8), None]
    fetched = take(source)
    assert fetched is not None
    assert (rows(fetched), fetched.spans, source.behind()) == ([], {}, {0: 1})
    client.script = [Message(9), None]
    take(source)
    assert source.behind() == {}


def test_the_past_is_heard_once() -> None:
    """Records that come again because partitions were handed over or reading began anew are dropped."""
    client = Client({0: 10, 1: 0})
    source = source_of(client, Keeper({0: 7}))
    client.script = [lambda: client.assigned(0), Message(7), Message(8), Message(7), Message(8), Message(9), None]
    fetched = take(source)
    assert fetched is not None
    assert fetched.past is not None
    assert fetched.past.offset.tolist() == [7, 8, 9]


def test_what_takes_long_to_be_remembered_holds_nobody() -> None:
    """The group is served and other partitions are read meanwhile; the one that waits is asked about again."""
    client, keeper = Client({0: 10, 1: 20}), Keeper(slow={0})
    source = source_of(client, keeper)
    client.script = [lambda: client.assigned(0, 1), None, Message(20, number=1)]
    fetched = take(source)
    assert fetched is not None
    assert (source.waiting, client.read, set(fetched.spans)) == ([0], {1: 20}, {1})
    keeper.slow.clear()
    client.script = [Message(10), Message(21, number=1)]
    fetched = take(source)
    assert fetched is not None
    assert (source.waiting, set(fetched.spans)) == ([], {0, 1})


def test_a_partition_is_restored_at_its_newest_position() -> None:
    """The lot that was pending when it went and came back may have been published in between."""
    client, keeper = Client({0: 10}), Keeper()
    source = source_of(client, keeper)
    client.script = [lambda: client.assigned(0), Message(10)]
    take(source)
    client.script = [lambda: client.revoked(0), lambda: client.assigned(0)]
    source.hold()
    source.advance({0: Span(10, 10, 11)})
    take(source)
    assert (keeper.left, keeper.asked) == ([0], [(0, 10), (0, 11)])


def test_what_was_not_restored_is_not_left() -> None:
    """A partition that goes before it was read leaves nothing behind."""
    client, keeper = Client({0: 10}), Keeper()
    source = source_of(client, keeper)
    client.assigned(0)
    assert source.waiting == [0]
    client.revoked(0)
    assert (source.waiting, keeper.left) == ([], [])


def test_a_group_that_lost_its_offsets_does_not_begin_anew() -> None:
    """The keeper knows that it was here before."""
    client = Client({})
    source = source_of(client, Keeper(known=True))
    client.script = [lambda: client.assigned(0)]
    with pytest.raises(Misconfigured, match="known"):
        take(source)


def test_a_partition_that_is_kept_still_is_not_read() -> None:
    """The others are; when it is let go, it is read from where it was left, and nothing of it was lost."""
    client = Client({0: 10, 1: 20})
    source = source_of(client)
    client.script = [lambda: client.assigned(0, 1), Message(10, 0), Message(20, 1)]
    assert rows(take(source)) == [10, 20]
    source.keep_still(frozenset({0}))
    assert client.read == {1: 21}
    client.script = [Message(21, 1)]
    assert rows(take(source)) == [21]
    source.keep_still(frozenset())
    assert client.read == {0: 11, 1: 22}
    client.script = [Message(11, 0)]
    assert rows(take(source)) == [11]


def test_a_record_that_was_held_waits_with_its_partition() -> None:
    """It is fetched again when the partition goes on, before what follows it."""
    client = Client({0: 10})
    source = source_of(client)
    client.script = [lambda: client.assigned(0), Message(10), None]
    assert rows(take(source, 1)) == [10]
    client.script = [Message(11)]
    source.release()
    source._poll(0.0)
    source.keep_still(frozenset({0}))
    assert take(source) is None
    source.keep_still(frozenset())
    assert client.read == {0: 11}


def test_a_still_partition_stays_still_wherever_it_goes() -> None:
    """Assigned anew, held and released, with others or alone: it is not read."""
    client = Client({0: 10, 1: 20})
    source = source_of(client)
    source.keep_still(frozenset({0, 5}))
    client.script = [lambda: client.assigned(0, 1), Message(20, 1)]
    assert rows(take(source)) == [20]
    source.hold()
    source.release()
    client.script = [lambda: client.revoked(0, 1), lambda: client.assigned(0), Message(10, 0)]
    assert take(source) is None
    assert (client.read, source.positions) == ({}, {0: 10})
    assert source.behind() == {}


def test_a_text_goes_with_its_offset() -> None:
    """Read when the partition comes, handed on with each lot, kept when that is committed, gone with the partition."""
    client = Client({0: 10}, texts={0: "1 c=4"})
    source = source_of(client)
    client.script = [lambda: client.assigned(0), Message(10)]
    fetched = take(source)
    assert fetched is not None
    assert fetched.spans == {0: Span(10, 10, 11, "1 c=4")}
    spans = {0: Span(10, 10, 11, "1 c=5")}
    assert [(each.offset, each.metadata) for each in source.as_offsets(spans)] == [(11, "1 c=5")]
    source.advance(spans)
    assert source.texts == {0: "1 c=5"}
    client.script = [lambda: client.revoked(0)]
    assert take(source) is None
    assert source.texts == {}


def test_what_nobody_ever_sees_is_no_lag() -> None:
    """The last offsets of a partition may be a transaction's marker; until its end is read they count."""
    client = Client({0: 10})
    source = source_of(client)
    client.script = [lambda: client.assigned(0), Message(10), Message(11)]
    fetched = take(source)
    assert fetched is not None
    source.advance(fetched.spans)
    assert source.lag() == {0: 2}
    client.script = [Message(14, fault=KafkaError(KafkaError._PARTITION_EOF))]
    assert take(source) is None
    assert source.lag() == {0: 0}


def test_what_was_fetched_and_not_scored_is_put_back() -> None:
    """Where partitions come one by one, those that stayed are not assigned anew: nobody else would read it again."""
    client = Client({0: 10, 1: 0})
    source = source_of(client, Keeper({0: 8}))
    client.script = [lambda: client.assigned(0), *(Message(each) for each in range(8, 15))]
    fetched = take(source, 4)
    assert fetched is not None
    client.script = [Message(12)]
    source.hold()
    source.put_back(fetched)
    assert client.read == {0: 8}
    client.script = [Message(each) for each in range(8, 13)]
    again = take(source)
    assert again is not None
    assert again.past is not None
    assert (again.past.offset.tolist(), rows(again)) == ([8, 9], [10, 11, 12])
    assert again.spans == {0: Span(start=10, first=10, end=13)}


def test_what_is_put_back_may_be_anothers_by_now() -> None:
    """A partition that went away in between is not read again."""
    client = Client({0: 10})
    source = source_of(client)
    client.script = [lambda: client.assigned(0), Message(10)]
    fetched = take(source)
    assert fetched is not None
    client.script = [lambda: client.revoked(0)]
    source.hold()
    source.put_back(fetched)
    assert client.read == {}


def test_a_log_that_lost_what_was_to_be_remembered_costs_a_restart() -> None:
    """The position itself is still there: nothing has to be decided by anybody."""
    client = Client({0: 10})
    source = source_of(client, Keeper({0: 7}))
    gone = Message(7, fault=KafkaError(KafkaError._AUTO_OFFSET_RESET, "gone"))
    gone.placed = True
    client.script = [lambda: client.assigned(0), None, gone]
    with pytest.raises(RestartMe, match="ends before its log begins"):
        take(source)
