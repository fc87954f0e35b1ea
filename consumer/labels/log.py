"""The label topic: every partition from an offset on, committed records only, no group joined and nothing committed."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Self

import numpy as np
import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from consumer import clients, metrics
from consumer.faults import EOF, OFF_THE_LOG, error_of
from consumer.labels.ends import Ends, Marks
from consumer.life import Life
from consumer.trouble import Trouble
from schemas.errors import DependencyAway, Misconfigured, RestartMe
from schemas.lot import Raw
from schemas.settings import Settings

CHUNK_ROWS: Final = 500
AGAIN_S: Final = 0.2
UNKNOWN_S: Final = 5.0
"""A broker may need a moment until it knows of a topic that was made just now."""
UNKNOWN: Final = {KafkaError._UNKNOWN_TOPIC, KafkaError.UNKNOWN_TOPIC_OR_PART}  # noqa: SLF001

log = structlog.get_logger(__name__)


class LabelLog:
    """`next` is, by partition, where the first record stands that was not fetched."""

    @classmethod
    def of(cls, settings: Settings, identity: str, clock_ms: Callable[[], int]) -> Self:
        trouble = Trouble("labels")
        ends = Ends(clients.admin(settings, identity, trouble), settings.topics.labels, trouble, clock_ms)
        return cls(clients.label_consumer(settings, identity, trouble), ends, trouble, settings.topics.labels)

    def __init__(self, consumer: Consumer, ends: Ends, trouble: Trouble, topic: str) -> None:
        self._consumer, self._ends, self._trouble, self._topic = consumer, ends, trouble, topic
        self._goal: Marks | None = None
        self.next: dict[int, int] = {}

    def begin(self, since_ms: int, offsets: Mapping[int, int] | None, life: Life) -> bool:
        """From those offsets, or, where the log does not have them any more, from the first record of that time on."""
        marks = self._there(life, lambda: self._ends.marks(since_ms))
        held = offsets is not None and marks.hold(offsets)
        if offsets is not None and not held:
            log.warning("labels.offsets_not_in_log", offsets=dict(offsets), begins=marks.lows, ends=marks.ends)
        self.next = dict.fromkeys(marks.ends, 0) | dict(offsets) if offsets and held else marks.starts
        self._assign()
        return offsets is None or held

    def fetch(self, most: int, wait_s: float) -> Raw | None:
        """Waits that long for a first record, then takes what is there."""
        first = self._consumer.poll(wait_s)
        messages: list[Any] = []
        more = [] if first is None else [first]
        while more:
            messages += more
            more = self._consumer.consume(CHUNK_ROWS, 0) if len(messages) < most else []
        raw = self._fresh([each for each in messages if each.error() is None])
        for each in messages:
            if each.error() is not None:
                self._hear(each.error(), each.partition(), each.offset())
        self._ends.hear()
        if self._trouble.end:
            raise self._trouble.end
        return raw

    def reached(self) -> int | None:
        """When the ends were asked for, if they are reached now. Asks for the next ones when it is time to."""
        self._goal = self._goal or self._ends.answer()
        if self._goal is None:
            return None
        if added := self._goal.ends.keys() - self.next.keys():
            log.info("labels.partitions_added", partitions=sorted(added))
            self.next |= dict.fromkeys(added, 0)
            self._assign()
        metrics.LABEL_LAG_RECORDS.set(self.lag)
        if self.lag:
            return None
        at_ms, self._goal = self._goal.at_ms, None
        return at_ms

    @property
    def lag(self) -> int:
        """Records up to the ends that are to be reached."""
        goal = self._goal
        return 0 if goal is None else sum(max(end - self.next[each], 0) for each, end in goal.ends.items())

    def close(self) -> None:
        self._consumer.close()

    def _fresh(self, messages: list[Any]) -> Raw | None:
        """Those that were not fetched before; moves their partitions behind them."""
        raw = Raw.of(messages)
        ends = {int(each): int(raw.offset[raw.partition == each].max()) + 1 for each in np.unique(raw.partition)}
        starts = {each: self.next.get(each, 0) for each in ends}
        self.next |= {each: max(end, starts[each]) for each, end in ends.items()}
        if any(raw.offset[raw.partition == each].min() < start for each, start in starts.items()):
            raw = Raw.of([each for each in messages if each.offset() >= starts[each.partition()]])
        return raw if raw.values else None

    def _hear(self, error: KafkaError, partition: int, offset: int) -> None:
        """The end of a partition stands behind what nobody will see of it: aborted records, and markers."""
        if error.code() in OFF_THE_LOG:
            raise RestartMe(f"labels were deleted from {self._topic!r} before they were read: {error.str()}")
        if error.code() == EOF:
            self.next[partition] = max(self.next.get(partition, 0), offset)
        else:
            self._trouble(error)

    def _assign(self) -> None:
        self._consumer.assign([TopicPartition(self._topic, each, offset) for each, offset in self.next.items()])

    def _there(self, life: Life, ask: Callable[[], Marks]) -> Marks:
        """Waits for the broker, and shortly for the topic."""
        unknown_until = time.monotonic() + UNKNOWN_S
        while True:
            try:
                return ask()
            except KafkaException as exception:
                error = error_of(exception)
                if error.code() in UNKNOWN and time.monotonic() > unknown_until:
                    raise Misconfigured(
                        f"there is no topic {self._topic!r} (verdicts, keyed by card id)",
                        fix="run `fraudstream topics create`",
                    ) from exception
                if error.code() not in UNKNOWN:
                    self._trouble(error)
            self._ends.hear()
            if self._trouble.end:
                raise self._trouble.end
            if life.given_up():
                raise DependencyAway(f"asked to end before the broker told where {self._topic!r} begins")
            life.rest(AGAIN_S)
