"""Who may write and who may commit, on a real broker and on the one in memory alike."""

from typing import Any

from confluent_kafka import KafkaError
from support.contract import Kafka, refusal


class Member:
    """Of the group, with what it is told. Reads nothing of what it is given where `idle`."""

    def __init__(self, kafka: Kafka, *, idle: bool = False, **config: Any) -> None:
        self.client, self.owned, self.told = kafka.consumer(**config), set[int](), list[str]()
        self.errors: list[KafkaError] = []
        self._idle = idle
        self.client.subscribe([kafka.topic], on_assign=self._given, on_revoke=self._revoked, on_lost=self._lost)

    def polled(self) -> "Member":
        message = self.client.poll(0.05)
        if message is not None and message.error() is not None:
            self.errors.append(message.error())
        return self

    def _given(self, client: Any, partitions: list[Any]) -> None:
        self.told.append("given")
        self.owned |= {each.partition for each in partitions}
        if self._idle:
            client.assign([])

    def _revoked(self, _: Any, partitions: list[Any]) -> None:
        self.told.append("revoked")
        self.owned -= {each.partition for each in partitions}

    def _lost(self, _: Any, partitions: list[Any]) -> None:
        self.told.append("lost")
        self.owned -= {each.partition for each in partitions}


def settle(kafka: Kafka, *members: Member) -> None:
    """Every partition has one owner among them, and each of them has one."""

    def settled() -> bool:
        for member in members:
            member.polled()
        owned = [each for member in members for each in sorted(member.owned)]
        return sorted(owned) == [0, 1] and all(member.owned for member in members)

    kafka.until(settled, "partitions to be shared out")


def begun(kafka: Kafka) -> None:
    """The group has committed where it begins."""
    kafka.consumer().commit(offsets=[kafka.at(0, 0), kafka.at(1, 0)], asynchronous=False)


def test_a_pending_commit_is_waited_for(kafka: Kafka) -> None:
    """What is committed is not known while a transaction may still change it, but for who reads uncommitted."""
    begun(kafka)
    producer, reader = kafka.ready(), kafka.consumer()
    producer.begin_transaction()
    producer.send_offsets_to_transaction([kafka.at(0, 5)], reader.consumer_group_metadata(), 10)
    assert refusal(lambda: reader.committed([kafka.at(0)], timeout=1)).code() == KafkaError._TIMED_OUT
    assert reader.committed([kafka.at(1)], timeout=10)[0].offset == 0
    hasty = kafka.consumer(isolation_level="read_uncommitted")
    assert hasty.committed([kafka.at(0)], timeout=10)[0].offset == 0
    producer.commit_transaction(10)
    assert kafka.committed() == 5


def test_offsets_of_an_aborted_transaction_never_were(kafka: Kafka) -> None:
    """The group stands where it stood; nothing stands for a partition that it never committed."""
    producer, reader = kafka.ready(), kafka.consumer()
    producer.begin_transaction()
    producer.send_offsets_to_transaction([kafka.at(0, 5)], reader.consumer_group_metadata(), 10)
    producer.abort_transaction(10)
    assert kafka.committed() == -1001


def test_a_successor_ends_what_its_predecessor_left_open(kafka: Kafka) -> None:
    """Records and offsets both; and the predecessor is refused everything from then on, for ever."""
    begun(kafka)
    old, reader = kafka.ready(), kafka.consumer()
    kafka.open(old, "never")
    old.send_offsets_to_transaction([kafka.at(0, 5)], reader.consumer_group_metadata(), 10)
    new = kafka.ready()
    assert kafka.committed() == 0
    said = refusal(lambda: old.commit_transaction(10))
    assert (said.code(), said.fatal()) == (KafkaError._FENCED, True)
    assert refusal(old.begin_transaction).code() == KafkaError._FENCED
    assert refusal(lambda: old.abort_transaction(10)).code() == KafkaError._FENCED
    kafka.commit(new, "a")
    assert kafka.offsets(kafka.reader(), 1) == [2]


def test_a_predecessor_is_refused_when_it_sends_offsets(kafka: Kafka) -> None:
    """Nothing of them is ever pending."""
    begun(kafka)
    old, reader = kafka.ready(), kafka.consumer()
    kafka.open(old, "never")
    kafka.ready()
    metadata = reader.consumer_group_metadata()
    said = refusal(lambda: old.send_offsets_to_transaction([kafka.at(0, 5)], metadata, 10))
    assert (said.code(), said.fatal()) == (KafkaError._FENCED, True)
    assert kafka.committed() == 0


def test_a_transaction_that_takes_too_long_is_aborted(kafka: Kafka) -> None:
    """By the broker, and its producer is fenced, though nobody came after it."""
    producer = kafka.ready(transaction_timeout_ms=1000)
    kafka.open(producer, "never")
    kafka.cluster.wait(4.0)
    said = refusal(lambda: producer.commit_transaction(10))
    assert (said.code(), said.fatal()) == (KafkaError._FENCED, True)
    assert kafka.read(kafka.reader(), 0) == []


def test_calls_out_of_turn_are_refused(kafka: Kafka) -> None:
    """Without harm to the producer."""
    producer = kafka.ready()
    assert refusal(lambda: producer.commit_transaction(10)).code() == KafkaError._STATE
    assert refusal(lambda: producer.abort_transaction(10)).code() == KafkaError._STATE
    assert refusal(lambda: producer.produce(kafka.topic, b"a", b"key", 0)).code() == KafkaError._STATE
    producer.begin_transaction()
    assert refusal(producer.begin_transaction).code() == KafkaError._STATE
    producer.commit_transaction(10)


def test_offsets_of_an_old_generation_are_refused(kafka: Kafka) -> None:
    """The transaction can only be aborted then; the next one may go through."""
    begun(kafka)
    one = Member(kafka)
    settle(kafka, one)
    old = one.client.consumer_group_metadata()
    settle(kafka, one, Member(kafka))
    producer = kafka.ready()
    producer.begin_transaction()
    said = refusal(lambda: producer.send_offsets_to_transaction([kafka.at(0, 5)], old, 10))
    assert (said.code(), said.fatal(), said.txn_requires_abort()) == (KafkaError.ILLEGAL_GENERATION, False, True)
    assert refusal(lambda: producer.commit_transaction(10)).code() == KafkaError.ILLEGAL_GENERATION
    producer.abort_transaction(10)
    producer.begin_transaction()
    producer.send_offsets_to_transaction([kafka.at(0, 7)], one.client.consumer_group_metadata(), 10)
    producer.commit_transaction(10)
    assert kafka.committed() == 7


def test_offsets_of_one_who_left_are_refused(kafka: Kafka) -> None:
    """The broker does not know the member any more."""
    begun(kafka)
    one = Member(kafka)
    settle(kafka, one)
    gone = one.client.consumer_group_metadata()
    one.client.close()
    producer = kafka.ready()
    producer.begin_transaction()
    said = refusal(lambda: producer.send_offsets_to_transaction([kafka.at(0, 5)], gone, 10))
    assert (said.code(), said.txn_requires_abort()) == (KafkaError.UNKNOWN_MEMBER_ID, True)
    producer.abort_transaction(10)
    assert kafka.committed() == 0


def test_nobody_may_commit_beside_a_group_but_within_a_transaction(kafka: Kafka) -> None:
    """A transaction that does not say whose offsets it sends is believed: it has to say."""
    begun(kafka)
    settle(kafka, Member(kafka))
    outsider = kafka.consumer()
    said = refusal(lambda: outsider.commit(offsets=[kafka.at(0, 3)], asynchronous=False))
    assert said.code() == KafkaError.UNKNOWN_MEMBER_ID
    producer = kafka.ready()
    producer.begin_transaction()
    producer.send_offsets_to_transaction([kafka.at(0, 5)], outsider.consumer_group_metadata(), 10)
    producer.commit_transaction(10)
    assert kafka.committed() == 5


def test_a_static_successor_takes_over_without_a_rebalance(kafka: Kafka) -> None:
    """The others notice nothing; the predecessor is told so with the end of its world, and may commit nothing."""
    begun(kafka)
    one, other = Member(kafka, group_instance_id="one"), Member(kafka, group_instance_id="other")
    settle(kafka, one, other)
    owned, told, old = set(one.owned), list(other.told), one.client.consumer_group_metadata()
    successor = Member(kafka, group_instance_id="one")
    settle(kafka, successor, other)
    assert (successor.owned, other.told) == (owned, told)
    kafka.until(lambda: bool(one.polled().errors), "the predecessor to hear of it")
    assert one.errors[0].code() == KafkaError._FATAL
    assert KafkaError(KafkaError.FENCED_INSTANCE_ID).str() in one.errors[0].str()
    producer = kafka.ready()
    producer.begin_transaction()
    said = refusal(lambda: producer.send_offsets_to_transaction([kafka.at(0, 5)], old, 10))
    assert (said.code(), said.txn_requires_abort()) == (KafkaError.FENCED_INSTANCE_ID, True)


def test_what_the_group_gave_is_taken_back_though_nothing_of_it_was_read(kafka: Kafka) -> None:
    """Who reads nothing yet, because state is being restored, hears of a rebalance all the same."""
    begun(kafka)
    one = Member(kafka, idle=True)
    settle(kafka, one)
    settle(kafka, one, Member(kafka))
    assert one.told == ["given", "revoked", "given"]


def test_who_closes_hands_back_what_it_has(kafka: Kafka) -> None:
    """A dynamic member leaves; the others are given its partitions."""
    begun(kafka)
    one, other = Member(kafka), Member(kafka)
    settle(kafka, one, other)
    other.client.close()
    assert other.told[-1] == "revoked"
    settle(kafka, one)
