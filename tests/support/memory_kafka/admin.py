"""What the worker asks an admin client: which partitions a topic has, and where they begin and end."""

from concurrent.futures import Future
from typing import Any

from confluent_kafka import IsolationLevel, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]
from support.memory_kafka.broker import Broker
from support.memory_kafka.fetching import Fetching
from support.memory_kafka.refusal import timed_out
from support.memory_kafka.wire import Fate, Wire

WHERE: Any = OffsetSpec


class Numbered:
    def __init__(self, number: int) -> None:
        self.id = number
        self.partition = number


class Described:
    def __init__(self, partitions: int) -> None:
        self.partitions = [Numbered(each) for each in range(partitions)]


class Listed:
    def __init__(self, offset: int) -> None:
        self.offset = offset


class MemoryAdmin:
    def __init__(self, broker: Broker, wire: Wire | None = None) -> None:
        self._broker, self._wire = broker, wire or Wire(broker.clock)

    def describe_topics(self, topics: Any, request_timeout: float = 5.0) -> "dict[str, Future[Any]]":
        names = topics.topic_names if hasattr(topics, "topic_names") else topics
        return {name: self._answer(lambda name=name: Described(len(self._broker.topics[name]))) for name in names}

    def list_offsets(
        self,
        asked: dict[TopicPartition, Any],
        isolation_level: IsolationLevel = IsolationLevel.READ_UNCOMMITTED,
        request_timeout: float = 5.0,
    ) -> "dict[TopicPartition, Future[Any]]":
        committed = isolation_level is IsolationLevel.READ_COMMITTED
        return {
            place: self._answer(lambda place=place, what=what: Listed(self._offset(place, what, committed)))
            for place, what in asked.items()
        }

    def poll(self, timeout: float = 0) -> int:
        return 0

    def _answer(self, ask: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        self._broker.tick()
        if self._wire.send("admin") is Fate.FINE:
            future.set_result(ask())
        else:
            future.set_exception(timed_out())
        return future

    def _offset(self, place: TopicPartition, what: Any, committed: bool) -> int:
        log = self._broker.partition((place.topic, place.partition))
        value = what._value  # the spec's number: latest, earliest, or a time
        if value == WHERE.latest()._value:
            return log.end_for(committed)
        if value == WHERE.earliest()._value:
            return log.low
        return Fetching(self._broker, committed, {}).first_since((place.topic, place.partition), value)
