"""A worker of source and checkpoint alone, on whatever Kafka: it answers each record with itself."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from support.contract import Kafka

from consumer.at_least_once import AtLeastOnce
from consumer.checkpoint import ExactlyOnce
from consumer.lots import Fetched, Outgoing, Pending
from consumer.point import Point
from consumer.source import KafkaSource
from consumer.trouble import Trouble


class Memoryless:
    """Remembers nothing, so every partition is read from where it is committed."""

    def begins(self, partition: int) -> None:
        """It may."""

    def restore(self, partition: int, committed: Point) -> Point:
        return committed

    def disown(self, partition: int) -> None:
        """Nothing to be disowned."""

    def leave(self, partition: int) -> None:
        """Nothing to be left."""


class NoWatchdog:
    @contextmanager
    def guard(self, call: str, seconds: float) -> Iterator[None]:
        yield


class Died(BaseException):
    """As a process does: nothing of it catches this."""


class Ending:
    """A producer whose commits end as is said: `unheard` ones seem to time out, done or not; or the process `dies`."""

    def __init__(self, producer: Any, unheard: list[bool], dies: list[str]) -> None:
        self._producer, self._unheard, self._dies = producer, unheard, dies

    def __getattr__(self, name: str) -> Any:
        return getattr(self._producer, name)

    def commit_transaction(self, timeout: float) -> None:
        if self._dies == ["before"]:
            raise Died
        if self._unheard != [False]:
            self._producer.commit_transaction(timeout)
        if self._dies == ["after"]:
            raise Died
        if self._unheard:
            self._unheard.pop()
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))


@dataclass
class Worker:
    """Answers each record with itself, on a topic beside the input."""

    kafka: Kafka
    answers: str
    name: str = "slot"
    lot_rows: int = 100
    kind: type[Any] = ExactlyOnce
    reading: dict[str, Any] = field(default_factory=dict)
    unheard: list[bool] = field(default_factory=list)
    dies: list[str] = field(default_factory=list)
    keeper: Memoryless = field(default_factory=Memoryless)
    now: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self.source = KafkaSource(
            self.kafka.consumer(group_instance_id=self.name, **self.reading),
            Trouble("consumer"),
            self.kafka.topic,
            self.keeper,
            lot_rows=self.lot_rows,
            lot_bytes=1_000_000,
            poll_s=0.05,
            partitions=2,
            first_offset=lambda client, partition: int(client.get_watermark_offsets(partition, timeout=10)[0]),
        )
        self.checkpoint = self._at_least_once() if self.kind is AtLeastOnce else self._exactly_once()
        self.checkpoint.start()
        self.source.begin()

    def _exactly_once(self) -> Any:
        def make(trouble: Trouble) -> Any:
            return Ending(self.kafka.producer(self.name), self.unheard, self.dies)

        guard: Any = NoWatchdog()
        return self.kind(self.source, make, guard, call_s=5.0, hang_s=60.0, give_up=lambda: False)

    def _at_least_once(self) -> Any:
        given: Any = {"call_s": 5.0, "give_up": lambda: False, "now": self.now}
        return AtLeastOnce(self.source, lambda _: self.kafka.plain(), **given)

    def fetch(self) -> Fetched:
        found: list[Fetched] = []
        self.kafka.until(lambda: self._fetched(found), "records")
        return found[0]

    def _fetched(self, found: list[Fetched]) -> bool:
        if (fetched := self.source.fetch(100)) is not None:
            found.append(fetched)
        return bool(found)

    def answer(self, fetched: Fetched) -> Pending:
        raw = fetched.raw
        return Pending(
            [
                Outgoing(self.answers, int(partition), key, value, [])
                for partition, key, value in zip(raw.partition, raw.keys, raw.values, strict=True)
            ],
            fetched.spans,
        )

    def turn(self) -> dict[int, int]:
        """Where it stands after it."""
        if (fetched := self.source.fetch(100)) is not None:
            self.checkpoint.publish(self.answer(fetched))
        return dict(self.source.positions)


def answered(kafka: Kafka, answers: str, count: int, partition: int = 0) -> list[str]:
    reader = kafka.consumer("auditor")
    reader.assign([TopicPartition(answers, partition, 0)])
    return [each.value().decode() for each in kafka.read(reader, count)]
