"""The input side: records in order, each partition from its committed offset, positions kept by us alone.

Partitions are handed over inside `poll` only, and no transaction is ever open then. A position moves when a lot has
been committed, never when it was fetched; records below a position are dropped, whoever sends them again.

What is remembered of cards may be older than the position: then a partition is read from there on, and the records
below its position are handed out as past. Where that is, the keeper is asked between polls, since the answer may take
long; until then nothing of the partition is fetched.

A partition may be kept still: it stays ours, with its position, and is not read until it is let go. What was committed
together with an offset is kept beside the position: how many records were refused before it, and whether it stopped.

What was held while a lot was pending lies behind that lot: when the partition goes, it goes too, or the lot would be
skipped if the partition came back without it. A partition that was paused when it went is still paused when it comes
back, so that each assignment says anew whether it is.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from consumer.faults import EOF, OFF_THE_LOG, ending, error_of
from consumer.keeper import Keeper
from consumer.lots import Fetched, Span, first_offsets
from consumer.trouble import Trouble, raise_endings
from schemas.errors import RestartMe
from schemas.lot import Raw

CHUNK_ROWS: Final = 500
"""Records per call of `consume`: fewer cost more per record, more gain nothing."""

NEVER: Final = 2**63

CALL_TIMEOUT_S: Final = 10.0

RESTORE_S: Final = 1.0
"""So long partitions are restored before the group is served again, and at least one."""


REFUSED: Final = frozenset(
    {KafkaError.ILLEGAL_GENERATION, KafkaError.UNKNOWN_MEMBER_ID, KafkaError.REBALANCE_IN_PROGRESS}
)
"""Of a commit: it was not done, and never will be."""

log = structlog.get_logger(__name__)


class KafkaSource:
    """`partitions` were there at the start; `first_offset` decides where one begins that was never committed.

    One that was added since belongs to the group from its first record on. Once that is written down the process
    ends: its successor counts the partitions anew, which producers have done already.
    """

    def __init__(
        self,
        consumer: Consumer,
        trouble: Trouble,
        topic: str,
        keeper: Keeper,
        *,
        lot_rows: int,
        lot_bytes: int,
        poll_s: float,
        partitions: int,
        first_offset: Callable[[Consumer, TopicPartition], int],
        by_steps: bool = False,
    ) -> None:
        self._consumer = consumer
        self._trouble = trouble
        self._topic = topic
        self._keeper = keeper
        self._lot_rows = lot_rows
        self._lot_bytes = lot_bytes
        self._poll_s = poll_s
        self._partition_count = partitions
        self._first_offset = first_offset
        self._positions: dict[int, int] = {}
        self._cursors: dict[int, int] = {}
        self._texts: dict[int, str] = {}
        self._still: frozenset[int] = frozenset()
        self._unrecorded: dict[int, int] = {}
        self._held: list[Any] = []
        self._ended: dict[int, int] = {}
        self._holding = False
        self._by_steps = by_steps
        self.handovers = 0

    def begin(self) -> None:
        """Joins the group."""
        self._consumer.subscribe(
            [self._topic], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked
        )

    @property
    def positions(self) -> Mapping[int, int]:
        return self._positions

    @property
    def texts(self) -> Mapping[int, str]:
        """By partition, what was committed together with its position."""
        return self._texts

    @property
    def waiting(self) -> list[int]:
        """Partitions that are not read yet: the keeper has not said from where."""
        return [each for each in self._positions if each not in self._cursors]

    def behind(self) -> dict[int, int]:
        """By partition, how many offsets are to be read again before there is something to answer."""
        cursors, positions = self._cursors, self._positions
        gaps = {each: positions[each] - cursor for each, cursor in cursors.items() if each not in self._still}
        return {each: gap for each, gap in gaps.items() if gap > 0}

    def keep_still(self, partitions: frozenset[int]) -> None:
        """Reads these no longer, and others again from where they were left. Called while no lot is pending."""
        if partitions == self._still:
            return
        changed, self._still = partitions ^ self._still, partitions
        if not changed.isdisjoint(self._cursors):
            self._held = [each for each in self._held if each.partition() not in partitions]
            self._read()

    def fetch(self, most: int) -> Fetched | None:
        """Waits for a first record, then takes what is there without waiting."""
        self.release()
        self._poll(0.0 if self.waiting else self._poll_s)
        if not self._starts_recorded() or self._restored() or not self._held:
            return None
        if max(self._positions, default=0) >= self._partition_count:
            raise RestartMe(f"the input has more partitions than the {self._partition_count} there were")
        messages, self._held = self._held, []
        return self._fetched(self._drain(messages, min(most, self._lot_rows)))

    def put_back(self, fetched: Fetched) -> None:
        """Reads again what was neither scored nor remembered, of the partitions that are still ours."""
        for raw in (fetched.raw, fetched.past):
            for partition, offset in first_offsets(raw).items() if raw is not None else ():
                if partition in self._cursors:
                    self._cursors[partition] = min(self._cursors[partition], offset)
        self._held.clear()
        self._read()

    def hold(self) -> None:
        """Polls without fetching, so that the group keeps us while a lot is pending."""
        if not self._holding:
            self._holding = True
            self._consumer.pause(self._partitions())
        self._poll(0.0)

    def release(self) -> None:
        if self._holding:
            self._holding = False
            self._consumer.resume(self._partitions())

    def advance(self, spans: Mapping[int, Span]) -> None:
        """A position only grows: anything else would score records twice."""
        for partition, span in spans.items():
            position = self._positions.get(partition)
            if position is None:
                continue
            if position not in (span.start, span.end):
                raise RestartMe(f"partition {partition} stands at {position}, not at {span.start}")
            self._positions[partition], self._texts[partition] = span.end, span.text

    def committed(self, partitions: Sequence[int]) -> dict[int, int]:
        """Stable offsets: a transaction still open is waited for, each partition's own error is raised."""
        return {each.partition: each.offset for each in self._committed(partitions)}

    def _committed(self, partitions: Sequence[int]) -> list[TopicPartition]:
        asked = [TopicPartition(self._topic, partition) for partition in partitions]
        answer = self._consumer.committed(asked, timeout=CALL_TIMEOUT_S) if asked else []
        for each in answer:
            if each.error:
                raise KafkaException(each.error)
        return answer

    def group(self) -> Any:  # noqa: ANN401 an opaque handle of the client
        return self._consumer.consumer_group_metadata()

    def commit(self, spans: Mapping[int, Span]) -> None:
        """Outside a transaction: the at-least-once mode."""
        self._consumer.commit(offsets=self.as_offsets(spans), asynchronous=False)

    def as_offsets(self, spans: Mapping[int, Span]) -> list[TopicPartition]:
        """Where the group stands after a lot."""
        return [TopicPartition(self._topic, partition, span.end, span.text) for partition, span in spans.items()]

    def lag(self) -> dict[int, int]:
        """Records behind the end as the client last heard of it; asks nobody.

        Behind the last record there may be offsets that nobody ever sees: markers of transactions, aborted records.
        """
        behind = {}
        for partition, position in self._positions.items():
            _, end = self._consumer.get_watermark_offsets(TopicPartition(self._topic, partition), cached=True)
            if end >= 0:
                read = self._ended.get(partition, 0) if self._cursors.get(partition) == position else 0
                behind[partition] = max(end - max(position, read), 0)
        return behind

    def close(self) -> None:
        self._consumer.close()

    def _poll(self, seconds: float) -> None:
        """Serves the group; a record that comes is held until it is fetched."""
        message = self._consumer.poll(seconds)
        if self._trouble.end:
            raise self._trouble.end
        if message is not None and self._records([message]):
            self._held.append(message)

    def _drain(self, messages: list[Any], rows: int) -> list[Any]:
        size = sum(len(message) for message in messages)
        while len(messages) < rows and size < self._lot_bytes:
            more = self._consumer.consume(min(CHUNK_ROWS, rows - len(messages)), 0)
            if not more:
                break
            size += sum(map(len, more))
            messages += more
        return messages

    def _fetched(self, messages: list[Any]) -> Fetched | None:
        """Leaves out what is not ours, or not any more, and what came twice because partitions were handed over."""
        kept, past = [], []
        firsts: dict[int, int] = {}
        for each in self._records(messages):
            partition, offset = each.partition(), each.offset()
            if offset < self._cursors.get(partition, NEVER) or partition in self._still:
                continue
            self._cursors[partition] = offset + 1
            if offset < self._positions[partition]:
                past.append(each)
            else:
                firsts.setdefault(partition, offset)
                kept.append(each)
        if not kept and not past:
            return None
        spans = {
            each: Span(self._positions[each], first, self._cursors[each], self._texts[each])
            for each, first in firsts.items()
        }
        return Fetched(self._topic, Raw.of(kept), kept, spans, Raw.of(past) if past else None)

    def _records(self, messages: list[Any]) -> list[Any]:
        """Without what came in their place; raises what this process cannot go on with."""
        others = [each for each in messages if each.error() is not None]
        for each in others:
            if each.error().code() == EOF:
                self._ended[each.partition()] = each.offset()
            elif each.error().code() in OFF_THE_LOG and each.partition() in self.behind():
                raise RestartMe(f"what is remembered of partition {each.partition()} ends before its log begins by now")
        raise_endings(each for each in others if each.error().code() != EOF)
        return [each for each in messages if each.error() is None] if others else messages

    def _restored(self) -> bool:
        """Asks the keeper about partitions that came; all are then read from where it is known that they should be."""
        waiting, started = self.waiting, time.monotonic()
        for partition in waiting:
            self._cursors[partition] = self._keeper.restore(partition, self._positions[partition])
            if time.monotonic() - started > RESTORE_S:
                break
        if waiting:
            self._read()
        return bool(waiting)

    def _read(self) -> None:
        """What is not kept still, each from its cursor on, whatever of it was fetched before."""
        if self._by_steps:
            self._consumer.incremental_unassign(self._consumer.assignment())
            self._consumer.incremental_assign(self._partitions())
        else:
            self._consumer.assign(self._partitions())
        self._consumer.resume(self._partitions())

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        try:
            found = {each.partition: each for each in self._committed([each.partition for each in partitions])}
        except KafkaException as exception:
            raise ending(error_of(exception)) or RestartMe(f"no committed offsets: {exception}") from exception
        for each in partitions:
            offset = found[each.partition].offset
            self._texts[each.partition] = found[each.partition].metadata or ""
            if offset < 0:
                added = each.partition >= self._partition_count
                offset = (
                    self._consumer.get_watermark_offsets(each, timeout=CALL_TIMEOUT_S)[0]
                    if added
                    else self._first_offset(consumer, each)
                )
                self._unrecorded[each.partition] = offset
            self._positions[each.partition] = offset
        (consumer.incremental_assign if self._by_steps else consumer.assign)([])
        self.handovers += 1
        log.info("source.assigned", partitions=sorted(self._positions), positions=dict(self._positions))

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        if self._by_steps:
            gone = {each.partition for each in partitions}
            consumer.incremental_unassign([each for each in consumer.assignment() if each.partition in gone])
        for each in partitions:
            self._positions.pop(each.partition, None)
            self._texts.pop(each.partition, None)
            self._ended.pop(each.partition, None)
            self._unrecorded.pop(each.partition, None)
            if self._cursors.pop(each.partition, None) is not None:
                self._keeper.leave(each.partition)
        self.handovers += 1
        gone = {each.partition for each in partitions}
        self._held = [each for each in self._held if each.partition() not in gone]
        log.info("source.revoked", partitions=sorted(each.partition for each in partitions))

    def _starts_recorded(self) -> bool:
        """Commits where a new group begins, so that a crash before its first lot does not move the beginning.

        A request that nobody answered may still arrive, behind the lots that follow, and would take the group back to
        where it began. The broker refuses it once this member is gone.
        """
        if not self._unrecorded:
            return True
        for partition in self._unrecorded:
            self._keeper.begins(partition)
        try:
            starts = [TopicPartition(self._topic, *each) for each in self._unrecorded.items()]
            self._consumer.commit(offsets=starts, asynchronous=False)
        except KafkaException as exception:
            error = error_of(exception)
            if end := self._trouble.end or ending(error):
                raise end from exception
            if error.code() not in REFUSED:
                raise RestartMe(f"whether the beginning is written down is not known: {error.str()}") from exception
            log.warning("source.starts_not_recorded", error=error.name(), detail=error.str())
            return False
        self._unrecorded.clear()
        return True

    def _partitions(self) -> list[TopicPartition]:
        """Those that are read, and from where."""
        return [TopicPartition(self._topic, *each) for each in self._cursors.items() if each[0] not in self._still]
