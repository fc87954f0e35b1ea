"""A consumer group of the classic protocol: members, generations, range assignment, offsets that wait for their end.

A rebalance begins when a member comes, goes, or is found silent; it is over when all that are left have joined again,
which each does inside a poll. Offsets of a transaction wait until it ends; until then nobody knows what is committed.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from confluent_kafka import KafkaError, TopicPartition
from support.memory_kafka.clock import Clock
from support.memory_kafka.refusal import Refused

Place = tuple[str, int]


class Stood(NamedTuple):
    """Where a group stands in a partition, and what was written down with it."""

    offset: int
    text: str = ""
    epoch: int = -1


class Membership(NamedTuple):
    """What `consumer_group_metadata` hands out."""

    group: str
    generation: int
    member: str
    instance: str | None


def stands(partitions: Sequence[TopicPartition]) -> dict[Place, Stood]:
    return {
        (each.topic, each.partition): Stood(
            each.offset, each.metadata or "", -1 if each.leader_epoch is None else each.leader_epoch
        )
        for each in partitions
    }


@dataclass(slots=True)
class Member:
    instance: str | None
    topics: Sequence[str]
    beats: Callable[[], bool]
    session_s: float
    seen: float
    joined: bool = True
    places: list[Place] = field(default_factory=list)


class Group:
    def __init__(self, name: str, clock: Clock, partitions: Callable[[str], int]) -> None:
        self._name, self._clock, self._partitions = name, clock, partitions
        self._members: dict[str, Member] = {}
        self._fenced: set[str] = set()
        self._pending: dict[int, dict[Place, Stood]] = {}
        self._preparing = False
        self._names = 0
        self.generation = 0
        self.stands: dict[Place, Stood] = {}
        self.history: dict[Place, list[tuple[float, Stood]]] = {}
        """All that was ever committed, and when."""

    # members

    def join(self, instance: str | None, topics: Sequence[str], beats: Callable[[], bool], session_s: float) -> str:
        """A new member. A static one takes the place of its predecessor, without a rebalance where there is none."""
        self._names += 1
        name = f"{instance or 'member'}-{self._names}"
        member = Member(instance, topics, beats, session_s, self._clock.now)
        old = next((each for each, other in self._members.items() if instance and other.instance == instance), None)
        if old is None:
            self._members[name] = member
            self.rebalance()
        else:
            member.places = self._members.pop(old).places
            self._fenced.add(old)
            self._members[name] = member
        self.rejoin(name)
        return name

    def rejoin(self, name: str) -> None:
        self._member(name).joined = True
        self._complete()

    def leave(self, name: str) -> None:
        if self._members.pop(name, None):
            self.rebalance()

    def drop(self, name: str) -> None:
        """As when its session has ended."""
        self.leave(name)

    def rebalance(self) -> None:
        self._preparing = True
        for member in self._members.values():
            member.joined = False
        self._complete()

    def must_rejoin(self, name: str) -> bool:
        return self._preparing and not self._member(name).joined

    def assignment(self, name: str, generation: int) -> list[Place] | None:
        """None while there is no newer one than that."""
        member = self._member(name)
        return None if self._preparing or self.generation == generation else member.places

    @property
    def members(self) -> Mapping[str, Member]:
        return self._members

    def expire(self) -> None:
        """Members whose clients were silent for their session are dropped."""
        now = self._clock.now
        for name, member in list(self._members.items()):
            if member.beats():
                member.seen = now
            elif now - member.seen > member.session_s:
                self.drop(name)

    def _complete(self) -> None:
        if not self._preparing or not all(each.joined for each in self._members.values()):
            return
        self._preparing = False
        self.generation += 1
        for member in self._members.values():
            member.places = []
        for topic in sorted({topic for each in self._members.values() for topic in each.topics}):
            self._assign(topic)

    def _assign(self, topic: str) -> None:
        """Range: neighbours to the same member, in the order of static names, else of names."""
        having = sorted((m.instance or name, name) for name, m in self._members.items() if topic in m.topics)
        count = self._partitions(topic)
        for place, (_, name) in enumerate(having):
            first, last = (math.ceil(count * each / len(having)) for each in (place, place + 1))
            self._members[name].places += [(topic, number) for number in range(first, last)]

    def _member(self, name: str) -> Member:
        if name in self._fenced:
            raise Refused(KafkaError.FENCED_INSTANCE_ID)
        if name not in self._members:
            raise Refused(KafkaError.UNKNOWN_MEMBER_ID)
        return self._members[name]

    # offsets

    def check(self, who: Membership, *, transactional: bool = False) -> None:
        """Whether this member may commit. One that never joined may while nobody has, and within a transaction always.

        The latter is how it was done before producers told who their consumer is.
        """
        if who.member == "":
            if self._members and not transactional:
                raise Refused(KafkaError.UNKNOWN_MEMBER_ID)
            return
        self._member(who.member)
        if who.generation != self.generation:
            raise Refused(KafkaError.ILLEGAL_GENERATION)

    def commit(self, offsets: Mapping[Place, Stood]) -> None:
        self.stands |= offsets
        for place, stood in offsets.items():
            self.history.setdefault(place, []).append((self._clock.now, stood))

    def began(self, place: Place) -> int:
        """The first offset that was ever committed."""
        return self.history[place][0][1].offset if place in self.history else 0

    def offset(self, place: Place) -> int | None:
        return self.stands[place].offset if place in self.stands else None

    def pend(self, producer: int, offsets: Mapping[Place, Stood]) -> None:
        self._pending.setdefault(producer, {}).update(offsets)

    def settle(self, producer: int, commit: bool) -> None:
        offsets = self._pending.pop(producer, {})
        if commit:
            self.commit(offsets)

    def unstable(self, places: Sequence[Place]) -> bool:
        return any(place in offsets for offsets in self._pending.values() for place in places)
