"""Transactional ids: the newest epoch of each is the only one that may write, and ends what older ones left open."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from confluent_kafka import KafkaError
from support.memory_kafka.clock import Clock
from support.memory_kafka.group import Group, Membership, Place, Stood
from support.memory_kafka.log import Partition, Record
from support.memory_kafka.refusal import Refused


class Identity(NamedTuple):
    transactional_id: str
    producer: int
    epoch: int


@dataclass(slots=True)
class State:
    producer: int
    timeout_s: float
    epoch: int = -1
    began: float | None = None
    places: set[Place] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    last: bool | None = None
    """How the last transaction of this epoch ended: asking for the same again is answered in the same way."""


class Transactions:
    def __init__(self, clock: Clock, partition: Callable[[Place], Partition], group: Callable[[str], Group]) -> None:
        self._clock, self._partition, self._group = clock, partition, group
        self._states: dict[str, State] = {}

    def init(self, transactional_id: str, timeout_s: float) -> Identity:
        state = self._states.setdefault(transactional_id, State(len(self._states) + 1, timeout_s))
        self._fence(state)
        return Identity(transactional_id, state.producer, state.epoch)

    def produce(self, who: Identity, place: Place, record: Record) -> int:
        state = self._begun(who)
        state.places.add(place)
        return self._partition(place).append(record, state.producer)

    def send_offsets(self, who: Identity, member: Membership, offsets: Mapping[Place, Stood]) -> None:
        state, group = self._begun(who), self._group(member.group)
        group.check(member, transactional=True)
        state.groups.add(member.group)
        group.pend(state.producer, offsets)

    def end(self, who: Identity, commit: bool) -> None:
        state = self._state(who)
        if state.began is not None:
            self._end(state, commit)
        elif state.last is not commit:
            raise Refused(KafkaError.INVALID_TXN_STATE)

    def open(self) -> list[str]:
        return [name for name, state in self._states.items() if state.began is not None]

    def abort(self, transactional_id: str) -> None:
        """As the broker does when the time of a transaction is over: its producer is fenced."""
        self._fence(self._states[transactional_id])

    def expire(self) -> None:
        for state in self._states.values():
            if state.began is not None and self._clock.now - state.began > state.timeout_s:
                self._fence(state)

    def _fence(self, state: State) -> None:
        if state.began is not None:
            self._end(state, commit=False)
        state.epoch += 1
        state.last = None

    def _state(self, who: Identity) -> State:
        state = self._states[who.transactional_id]
        if who.epoch != state.epoch:
            raise Refused(KafkaError.INVALID_PRODUCER_EPOCH)
        return state

    def _begun(self, who: Identity) -> State:
        state = self._state(who)
        if state.began is None:
            state.began = self._clock.now
        return state

    def _end(self, state: State, commit: bool) -> None:
        for place in state.places:
            self._partition(place).end(state.producer, commit, self._clock.ms())
        for name in state.groups:
            self._group(name).settle(state.producer, commit)
        state.began, state.last = None, commit
        state.places.clear()
        state.groups.clear()
