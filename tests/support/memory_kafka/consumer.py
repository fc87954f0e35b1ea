"""A consumer as its users see one: handed partitions inside poll, or assigned what it asks for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaError, Message, TopicPartition
from support.memory_kafka.broker import Broker
from support.memory_kafka.fetching import Fetching
from support.memory_kafka.group import Group, Membership, Place, Stood, stands
from support.memory_kafka.refusal import Refused, raised, timed_out
from support.memory_kafka.wire import Fate, Wire

Handover = Callable[["MemoryConsumer", list[TopicPartition]], None]
NONE = -1001
RETRY_S = 0.1
REQUEST_S = 1.0
LATE_S = 0.5


@dataclass(slots=True)
class TopicMetadata:
    topic: str
    partitions: dict[int, object]
    error: KafkaError | None = None


@dataclass(slots=True)
class Metadata:
    topics: dict[str, TopicMetadata]
    cluster_id: str = "memory"
    orig_broker_id: int = 1
    brokers: dict[int, object] = field(default_factory=dict)


class MemoryConsumer:
    def __init__(self, broker: Broker, config: dict[str, Any], wire: Wire | None = None) -> None:
        self._broker, self._wire = broker, wire or Wire(broker.clock)
        self._group: Group = broker.group(config["group.id"])
        self._name = config["group.id"]
        self._instance: str | None = config.get("group.instance.id")
        self._session_s = config.get("session.timeout.ms", 45_000) / 1000
        self._committed_only = config.get("isolation.level", "read_committed") == "read_committed"
        self._commits_itself = config.get("enable.auto.commit", False)
        self._log = Fetching(broker, self._committed_only, config)
        self._topics: list[str] = []
        self._callbacks: tuple[Handover | None, Handover | None, Handover | None] = (None, None, None)
        self._member, self._generation = "", -1
        self._given: list[Place] = []
        self._chosen = False
        self._closed = False

    # what comes

    def subscribe(
        self,
        topics: list[str],
        on_assign: Handover | None = None,
        on_revoke: Handover | None = None,
        on_lost: Handover | None = None,
    ) -> None:
        self._topics, self._callbacks = topics, (on_assign, on_revoke, on_lost)

    def poll(self, timeout: float = -1) -> Message | None:
        found = self._take("poll", 1)
        if not found and timeout:
            self._wire.wait(timeout)
            found = self._take("poll", 1)
        return found[0] if found else None

    def consume(self, num_messages: int = 1, timeout: float = -1) -> list[Message]:
        """Hands over partitions in the middle of it as well, where that is due."""
        found = self._take("consume", num_messages)
        if len(found) < num_messages:
            if timeout:
                self._wire.wait(timeout)
            found += self._take("consume", num_messages - len(found))
        return found

    def _take(self, call: str, most: int) -> list[Message]:
        self._refuse_if_closed()
        fate = self._wire.send(call)
        self._broker.tick()
        if fate is not Fate.FINE:
            return [Message(error=KafkaError(KafkaError._TRANSPORT))]
        if (fatal := self._follow_group()) is not None:
            return [fatal]
        if self._commits_itself and self._log.positions:
            self._commit_itself()
        return self._log.take(most)

    # the group

    def _follow_group(self) -> Message | None:
        """One step: join, hand back what is to be handed back, be handed what is ours."""
        if not self._topics:
            return None
        try:
            self._step()
        except Refused as refused:
            if refused.code == KafkaError.FENCED_INSTANCE_ID:
                return Message(error=KafkaError(KafkaError._FATAL, f"Fatal error: {KafkaError(refused.code).str()}"))
            self._hand_back(self._callbacks[2] or self._callbacks[1])
            self._member, self._generation = "", -1
        return None

    def _step(self) -> None:
        if not self._member:
            self._member = self._group.join(self._instance, self._topics, lambda: self._wire.beats, self._session_s)
        elif self._group.must_rejoin(self._member):
            self._hand_back(self._callbacks[1])
            self._group.rejoin(self._member)
        places = self._group.assignment(self._member, self._generation)
        if places is not None:
            self._generation = self._group.generation
            self._hand_over([TopicPartition(topic, number) for topic, number in places])

    def _hand_over(self, partitions: list[TopicPartition]) -> None:
        self._chosen, self._given = False, [_place(each) for each in partitions]
        if on_assign := self._callbacks[0]:
            on_assign(self, partitions)
        if not self._chosen:
            self.assign(partitions)

    def _hand_back(self, callback: Handover | None) -> None:
        """What the group gave, whatever of it is being read."""
        given, self._given = self._given, []
        if given and callback:
            callback(self, [TopicPartition(*place) for place in given])
        self._log.assign([])

    def consumer_group_metadata(self) -> Membership:
        return Membership(self._name, self._generation, self._member, self._instance)

    def memberid(self) -> str:
        return self._member

    def close(self) -> None:
        """A static member stays in the group."""
        self._refuse_if_closed()
        self._wire.send("close")
        self._hand_back(self._callbacks[1])
        if self._member and self._instance is None:
            self._group.leave(self._member)
        self._closed = True

    # where it reads

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        """One without an offset is read from the group's."""
        self._refuse_if_closed()
        self._chosen = True
        self._log.assign([(_place(each), self._start(each)) for each in partitions])

    def _start(self, partition: TopicPartition) -> int:
        known = self._group.offset(_place(partition))
        return int(partition.offset) if partition.offset >= 0 or known is None else known

    def unassign(self) -> None:
        self._chosen = True
        self._log.assign([])

    def assignment(self) -> list[TopicPartition]:
        return [TopicPartition(*place) for place in self._log.positions]

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        """Of a partition that it has; remembered when the partition goes and comes back."""
        self._wire.send("pause")
        self._log.paused |= {place for each in partitions if (place := _place(each)) in self._log.positions}

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        self._wire.send("resume")
        self._log.paused -= {_place(each) for each in partitions}

    def seek(self, partition: TopicPartition) -> None:
        self._wire.send("seek")
        if _place(partition) not in self._log.positions:
            raise raised(KafkaError._STATE)
        self._log.positions[_place(partition)] = partition.offset

    def position(self, partitions: Sequence[TopicPartition]) -> list[TopicPartition]:
        known = self._log.delivered
        return [TopicPartition(each.topic, each.partition, known.get(_place(each), NONE)) for each in partitions]

    # what it asks

    def committed(self, partitions: Sequence[TopicPartition], timeout: float = 10.0) -> list[TopicPartition]:
        """Waits for transactions that may still change the answer, unless it reads what is not committed as well."""
        places = [_place(each) for each in partitions]
        self._ask("committed", timeout)
        deadline = self._broker.clock.now + timeout
        while self._committed_only and self._group.unstable(places):
            if self._broker.clock.now >= deadline:
                raise timed_out()
            self._wire.wait(RETRY_S)
            self._broker.tick()
        return [TopicPartition(*place, *self._group.stands.get(place, Stood(NONE))) for place in places]

    def commit(self, offsets: Sequence[TopicPartition], asynchronous: bool = True) -> list[TopicPartition]:
        self._refuse_if_closed()
        who, asked = self.consumer_group_metadata(), stands(offsets)

        def commit() -> None:
            self._group.check(who)
            self._group.commit(asked)

        fate = self._wire.send("commit")
        self._broker.tick()
        if fate is Fate.LATE:
            self._broker.later(REQUEST_S + LATE_S, commit)
        elif fate is not Fate.LOST:
            try:
                commit()
            except Refused as refused:
                fenced = refused.code == KafkaError.FENCED_INSTANCE_ID
                raise raised(KafkaError._FATAL if fenced else refused.code) from None
        if fate is not Fate.FINE:
            self._wire.wait(REQUEST_S)
            raise timed_out()
        return [*offsets]

    def get_watermark_offsets(
        self, partition: TopicPartition, timeout: float = 10.0, cached: bool = False
    ) -> tuple[int, int]:
        if not cached:
            self._ask("get_watermark_offsets", timeout)
        log = self._broker.partition(_place(partition))
        return log.low, log.end_for(self._committed_only and not cached)

    def offsets_for_times(self, partitions: Sequence[TopicPartition], timeout: float = 10.0) -> list[TopicPartition]:
        self._ask("offsets_for_times", timeout)
        return [
            TopicPartition(each.topic, each.partition, self._log.first_since(_place(each), each.offset))
            for each in partitions
        ]

    def list_topics(self, topic: str | None = None, timeout: float = -1) -> Metadata:
        self._ask("list_topics", timeout)
        found = {name: each for name, each in self._broker.topics.items() if topic in {None, name}}
        return Metadata({name: TopicMetadata(name, dict(enumerate(each))) for name, each in found.items()})

    def _ask(self, call: str, timeout: float) -> None:
        self._refuse_if_closed()
        fate = self._wire.send(call)
        self._broker.tick()
        if fate is not Fate.FINE:
            self._wire.wait(max(timeout, 0))
            raise timed_out()

    def _commit_itself(self) -> None:
        """As `enable.auto.commit` does, at the shortest interval: what was handed out counts as done."""
        try:
            self._group.check(self.consumer_group_metadata())
            self._group.commit({place: Stood(offset) for place, offset in self._log.delivered.items()})
        except Refused:
            pass

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise RuntimeError("Consumer closed")


def _place(partition: TopicPartition) -> tuple[str, int]:
    return partition.topic, partition.partition
