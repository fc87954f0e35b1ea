"""Where the partitions of a topic end, asked for without waiting for the answer: reading goes on meanwhile."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import IsolationLevel, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from consumer.faults import error_of
from consumer.trouble import Trouble

if TYPE_CHECKING:
    from concurrent.futures import Future

EVERY_S: Final = 1.0
CALL_S: Final = 5.0
WHERE: Final[Any] = OffsetSpec
ALL_RECORDS: Final = IsolationLevel.READ_UNCOMMITTED

Futures = Mapping[int, "Future[Any]"]


@dataclass(frozen=True, slots=True)
class Marks:
    """By partition: where it ended after `at_ms`; where it begins, and where to begin for a time, if that was asked."""

    at_ms: int
    ends: dict[int, int]
    lows: dict[int, int]
    starts: dict[int, int]

    def hold(self, offsets: Mapping[int, int]) -> bool:
        """Whether the log still has everything from those offsets on; a partition without one must be whole."""
        return offsets.keys() <= self.ends.keys() and all(
            low <= offsets.get(each, 0) <= self.ends[each] for each, low in self.lows.items()
        )


class Ends:
    """One question at a time, and the next not sooner than EVERY_S after the one before."""

    def __init__(
        self,
        client: AdminClient,
        topic: str,
        trouble: Trouble,
        clock_ms: Callable[[], int],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._topic, self._trouble = client, topic, trouble
        self._clock_ms, self._now = clock_ms, now
        self._asked_at, self._at_ms = -EVERY_S, 0
        self._described: Future[Any] | None = None
        self._offsets: Futures | None = None

    def marks(self, since_ms: int) -> Marks:
        """Waits for the answer. Ends come first: what is not found by its time is behind them, if anywhere."""
        at_ms = self._clock_ms()
        partitions = [each.id for each in self._describe().result().partitions]
        ends = _results(self._list(partitions, WHERE.latest()))
        lows = _results(self._list(partitions, WHERE.earliest()))
        timed = _results(self._list(partitions, WHERE.for_timestamp(max(since_ms, 0))))
        starts = {each: offset if offset >= 0 else ends[each] for each, offset in timed.items()}
        return Marks(at_ms, ends, lows, starts)

    def answer(self) -> Marks | None:
        """Of the question that was asked last, once it is there."""
        try:
            return self._turn()
        except KafkaException as exception:
            self._trouble(error_of(exception))
            self._described = self._offsets = None
            return None

    def hear(self) -> None:
        """What went wrong with the client is told inside this call."""
        self._client.poll(0)

    def _turn(self) -> Marks | None:
        if self._described is None and self._offsets is None and self._now() - self._asked_at >= EVERY_S:
            self._asked_at, self._at_ms = self._now(), self._clock_ms()
            self._described = self._describe()
        if self._described is not None and self._described.done():
            partitions = [each.id for each in self._described.result().partitions]
            self._described, self._offsets = None, self._list(partitions, WHERE.latest())
        if self._offsets is None or not all(each.done() for each in self._offsets.values()):
            return None
        ends, self._offsets = _results(self._offsets), None
        return Marks(self._at_ms, ends, {}, {})

    def _describe(self) -> "Future[Any]":
        asked = self._client.describe_topics(TopicCollection([self._topic]), request_timeout=CALL_S)
        described: Future[Any] = asked[self._topic]
        return described

    def _list(self, partitions: list[int], what: object) -> Futures:
        asked: dict[TopicPartition, Any] = {TopicPartition(self._topic, each): what for each in partitions}
        listed = self._client.list_offsets(asked, isolation_level=ALL_RECORDS, request_timeout=CALL_S)
        return {place.partition: future for place, future in listed.items()}


def _results(futures: Futures) -> dict[int, int]:
    return {partition: int(future.result().offset) for partition, future in futures.items()}
