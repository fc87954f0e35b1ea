"""A topic as it stands when this is made: committed records only, no group joined, nothing committed.

One partition is read at a time, in order; two places that are to be read at once need a log each.
"""

import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from consumer.clients import BEHIND_THE_SCENES, FETCHING, WAITS
from consumer.faults import EOF, OFF_THE_LOG, ending, error_of
from consumer.trouble import Trouble
from schemas.errors import DependencyAway, Misconfigured, Usage
from schemas.settings import Settings

ROWS: Final = 20_000
"""Of a lot, unless asked for fewer: what a scorer takes at most by default."""
AT_ONCE: Final = 500
SHORTEST: Final = 5_000
LONGEST: Final = 50_000
"""Of the pieces that are read backwards: the last ones are all that most readers want, and each costs a new start."""
STEP_S: Final = 0.5
PATIENCE_S: Final = 30.0
UNKNOWN_S: Final = 2.0
"""A broker may need a moment until it knows of a topic that was made just now."""
FIX_AWAY: Final = "start the broker (`fraudstream up` starts one on this machine), or name another with --bootstrap"


class Deleted(Usage):
    """The log begins later than it did when it was opened."""


class Log:
    """`begins` and `ends` are offsets by partition; the end is that of committed records."""

    def __init__(self, settings: Settings, topic: str, patience_s: float = PATIENCE_S) -> None:
        self.topic = topic
        self._bootstrap, self._patience_s = settings.kafka.bootstrap, patience_s
        self._trouble = Trouble("replay")
        self._consumer = Consumer(_properties(settings) | {"error_cb": self._trouble})
        self.cluster_id, self.topics = "", frozenset[str]()
        self.begins: dict[int, int] = {}
        self.ends: dict[int, int] = {}
        for each in self._partitions():
            marks = self._patiently(
                partial(self._consumer.get_watermark_offsets, self._place(each), timeout=STEP_S * 4)
            )
            self.begins[each], self.ends[each] = int(marks[0]), int(marks[1])

    def close(self) -> None:
        self._consumer.close()

    def offset_at(self, partition: int, time_ms: int) -> int:
        """Of the first record of that time or later, in the order of the log; the end where there is none."""
        asked = [TopicPartition(self.topic, partition, max(time_ms, 0))]
        (found,) = self._patiently(partial(self._consumer.offsets_for_times, asked, timeout=STEP_S * 4))
        if found.error:
            raise self._end(found.error)
        return min(found.offset, self.ends[partition]) if found.offset >= 0 else self.ends[partition]

    def committed(self) -> dict[int, int]:
        """What the scorers' group has committed, by partition; -1 where it has not."""
        asked = [self._place(each) for each in self.ends]
        answer = self._patiently(partial(self._consumer.committed, asked, timeout=STEP_S * 8)) if asked else []
        for each in answer:
            if each.error:
                raise self._end(each.error)
        return {each.partition: int(each.offset) if each.offset >= 0 else -1 for each in answer}

    def messages(self, partition: int, start: int, end: int, rows: int = ROWS) -> Iterator[Sequence[Any]]:
        """Those in [start, end), some at a time. Ends before the end where nothing committed stands there."""
        start, end = max(start, self.begins[partition]), min(end, self.ends[partition])
        if start >= end:
            return
        self._consumer.assign([TopicPartition(self.topic, partition, start)])
        at, heard = start, time.monotonic()
        while at < end:
            got = [each for each in self._fetch(rows) if each.partition() == partition and each.offset() >= at]
            heard = time.monotonic() if got else heard
            if time.monotonic() - heard > self._patience_s:
                raise self._away(f"partition {partition} stands still at offset {at} of {end}")
            found = [each for each in got if each.error() is None]
            over = any(self._is_end(each.error()) for each in got if each.error() is not None)
            at = end if over else found[-1].offset() + 1 if found else at
            if inside := [each for each in found if each.offset() < end]:
                yield inside

    def back(self, partition: int, end: int, most: int) -> Iterator[tuple[int, Iterator[Sequence[Any]]]]:
        """Pieces before that offset, the last one first: where each begins, and its messages in their own order.

        They reach over `most` offsets at most; each is to be read to its end before the next is asked for.
        """
        end = min(end, self.ends[partition])
        low, length = max(self.begins[partition], end - most), SHORTEST
        while end > low:
            start = max(end - length, low)
            yield start, self.messages(partition, start, end)
            end, length = start, min(length * 2, LONGEST)

    def _fetch(self, rows: int) -> list[Any]:
        """Waits for a first one, then takes what is there."""
        first = self._consumer.poll(STEP_S)
        found = [] if first is None else [first]
        while found and len(found) < rows:
            more = self._consumer.consume(min(AT_ONCE, rows - len(found)), 0)
            found += more
            if not more:
                break
        return found

    def _is_end(self, error: KafkaError) -> bool:
        if error.code() == EOF:
            return True
        if error.code() in OFF_THE_LOG:
            raise Deleted(f"{self.topic}: records were deleted while they were read", fix="begin later with --from")
        self._trouble(error)
        if self._trouble.end:
            raise self._trouble.end
        return False

    def _partitions(self) -> list[int]:
        until = time.monotonic() + UNKNOWN_S
        while True:
            found = self._patiently(lambda: self._consumer.list_topics(timeout=STEP_S * 4))
            self.cluster_id, self.topics = str(found.cluster_id or ""), frozenset(found.topics)
            if self.topic in found.topics:
                return sorted(found.topics[self.topic].partitions)
            if time.monotonic() > until:
                raise Misconfigured(
                    f"there is no topic {self.topic!r} on the broker at {self._bootstrap}",
                    fix="`fraudstream topics create` makes the product's topics; settings under [topics] name others",
                )
            time.sleep(STEP_S / 5)

    def _patiently(self, ask: Any) -> Any:  # noqa: ANN401 - whatever is asked for
        until = time.monotonic() + self._patience_s
        while True:
            try:
                if (answer := ask()) is not None:
                    return answer
            except KafkaException as exception:
                self._consumer.poll(0)
                if end := self._trouble.end or ending(error_of(exception)):
                    raise end from exception
                if time.monotonic() > until:
                    raise self._away(error_of(exception).str()) from exception

    def _place(self, partition: int) -> TopicPartition:
        return TopicPartition(self.topic, partition)

    def _end(self, error: KafkaError) -> Exception:
        return ending(error) or self._away(error.str())

    def _away(self, what: str) -> DependencyAway:
        return DependencyAway(f"{self.topic} cannot be read from {self._bootstrap}: {what}", fix=FIX_AWAY)


def _properties(settings: Settings) -> dict[str, Any]:
    """The group's name because the scorers' user may use it; nobody joins it."""
    own: dict[str, str | int | float | bool] = {
        "group.id": settings.score.group,
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
        "log_level": 2,
    }
    return dict(settings.kafka.client(**WAITS, **FETCHING | BEHIND_THE_SCENES, **own))
