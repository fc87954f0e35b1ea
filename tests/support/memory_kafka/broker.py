"""Topics, groups and transactions, and what happens to them as time passes."""

import heapq
from collections.abc import Callable
from contextlib import suppress
from itertools import count

from support.memory_kafka.clock import Clock
from support.memory_kafka.group import Group, Place
from support.memory_kafka.log import Headers, Partition, Record
from support.memory_kafka.refusal import Refused
from support.memory_kafka.transactions import Transactions


class Broker:
    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.topics: dict[str, list[Partition]] = {}
        self._groups: dict[str, Group] = {}
        self._late: list[tuple[float, int, Callable[[], object]]] = []
        self._order = count()
        self.transactions = Transactions(self.clock, self.partition, self.group)

    def create(self, topic: str, partitions: int) -> None:
        self.topics[topic] = [Partition() for _ in range(partitions)]

    def partition(self, place: Place) -> Partition:
        topic, number = place
        return self.topics[topic][number]

    def group(self, name: str) -> Group:
        if name not in self._groups:
            self._groups[name] = Group(name, self.clock, lambda topic: len(self.topics[topic]))
        return self._groups[name]

    def append(self, place: Place, value: bytes, key: bytes | None = None, headers: Headers | None = None) -> int:
        """A record outside of transactions, from somebody who is not a client here."""
        return self.partition(place).append(Record(key, value, headers or [], self.clock.ms()))

    def later(self, seconds: float, request: Callable[[], object]) -> None:
        """A request that was held up: it is judged by what holds when it arrives."""
        heapq.heappush(self._late, (self.clock.now + seconds, next(self._order), request))

    def tick(self) -> None:
        """Everything that is due by now."""
        while self._late and self._late[0][0] <= self.clock.now:
            with suppress(Refused):
                heapq.heappop(self._late)[2]()
        self.transactions.expire()
        for group in self._groups.values():
            group.expire()
