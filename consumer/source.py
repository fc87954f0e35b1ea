"""The input side: records in order, each partition from its committed offset, positions kept by us alone.

Partitions are handed over inside `poll` only, and no transaction is ever open then. A position moves when a lot has
been committed, never when it was fetched; records below a position are dropped, whoever sends them again. Where lots
are delivered first, it moves then, and its commit is owed until a partition goes or stands still, if not done before.

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
from dataclasses import replace
from typing import Any, Final

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from consumer.beginning import Beginning, committed
from consumer.draining import drained
from consumer.faults import EOF, OFF_THE_LOG, ending, error_of
from consumer.keeper import Keeper
from consumer.lag import lags
from consumer.lots import Fetched, Span, first_offsets
from consumer.owed import Owed
from consumer.places import Place, readable
from consumer.point import Point
from consumer.runs import follow, runs
from consumer.same_log import SameLog
from consumer.trouble import Trouble, raise_endings
from schemas.errors import RestartMe
from schemas.lot import Raw

LOOK_S: Final = 0.02
"""How often the keeper is asked again, while the group is served."""
RESTORE_S: Final = 1.0
"""So long partitions are restored before the group is served again, and at least one."""

log = structlog.get_logger(__name__)


class KafkaSource:
    """`partitions` were there at the start. One that came since ends the process, once it is written down where it
    begins: a successor counts anew.
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
        self._consumer, self._trouble, self._topic, self._keeper = consumer, trouble, topic, keeper
        self._lot_rows, self._lot_bytes, self._poll_s = lot_rows, lot_bytes, poll_s
        self._partition_count = partitions
        self._beginning = Beginning(consumer, topic, trouble, partitions, first_offset)
        self._places: dict[int, Place] = {}
        self._still: frozenset[int] = frozenset()
        self._same = SameLog(self._places, keeper)
        self._held: list[Any] = []
        self._holding = self._looked = False
        self._by_steps = by_steps
        self.owed = Owed(consumer, self.as_offsets)
        self.handovers = 0

    def begin(self) -> None:
        """Joins the group."""
        self._consumer.subscribe([self._topic], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost)

    @property
    def positions(self) -> Mapping[int, int]:
        return {each: place.position for each, place in self._places.items()}

    @property
    def texts(self) -> Mapping[int, str]:
        """By partition, what was committed together with its position."""
        return {each: place.text for each, place in self._places.items()}

    @property
    def waiting(self) -> list[int]:
        """Partitions that are not read yet: the keeper has not said from where."""
        return [each for each, place in self._places.items() if place.cursor is None]

    def behind(self) -> dict[int, int]:
        """By partition, how many offsets are to be read again before there is something to answer."""
        return {each: gap for each, place in self._places.items() if (gap := place.behind) and each not in self._still}

    def keep_still(self, partitions: frozenset[int]) -> None:
        """Reads these no longer, and others again from where they were left. Called while no lot is pending."""
        if partitions == self._still:
            return
        self.owed.settle_if_possible()
        changed, self._still = partitions ^ self._still, partitions
        if not changed.isdisjoint(readable(self._places)):
            self._held = [each for each in self._held if each.partition() not in partitions]
            self._read()

    def fetch(self, most: int) -> Fetched | None:
        """Waits for a first record, then takes what is there without waiting."""
        self.release()
        self._poll((LOOK_S if self._looked else 0.0) if self.waiting else self._poll_s)
        if not self._starts_recorded() or self._restored() or not self._held:
            return None
        if max(self._places, default=0) >= self._partition_count:
            raise RestartMe(f"the input has more partitions than the {self._partition_count} there were")
        messages, self._held = self._held, []
        return self._fetched(drained(self._consumer, messages, min(most, self._lot_rows), self._lot_bytes))

    def put_back(self, fetched: Fetched) -> None:
        """Reads again what was neither scored nor remembered, of the partitions that are still ours."""
        for raw in (fetched.raw, fetched.past):
            for partition, offset in first_offsets(raw).items() if raw is not None else ():
                if place := self._places.get(partition):
                    place.go_back(offset)
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
            place = self._places.get(partition)
            if place is None:
                continue
            if place.position not in (span.start, span.end):
                raise RestartMe(f"partition {partition} stands at {place.position}, not at {span.start}")
            place.position, place.text, place.epoch = span.end, span.text, span.epoch

    def committed(self, partitions: Sequence[int]) -> dict[int, int]:
        """Stable offsets: a transaction still open is waited for, each partition's own error is raised."""
        return {each.partition: each.offset for each in committed(self._consumer, self._topic, partitions)}

    def group(self) -> Any:  # noqa: ANN401 an opaque handle of the client
        return self._consumer.consumer_group_metadata()

    def as_offsets(self, spans: Mapping[int, Span]) -> list[TopicPartition]:
        """Where the group stands after a lot."""
        return [Point(span.end, span.epoch).at(self._topic, each, span.text) for each, span in spans.items()]

    def lag(self) -> dict[int, int]:
        return lags(self._consumer, self._topic, self._places)

    def close(self) -> None:
        self._consumer.close()

    def _poll(self, seconds: float) -> None:
        """Serves the group; a record that comes is held until it is fetched.

        Ends of logs, which come after nearly every lot, are passed over at once.
        """
        until = time.monotonic() + seconds
        while True:
            message: Any = self._consumer.poll(max(0.0, until - time.monotonic()))
            if self._trouble.end:
                raise self._trouble.end
            if message is not None and self._records([message]):
                self._held.append(message)
            if message is None or message.error() is None or message.error().code() != EOF:
                return

    def _fetched(self, messages: list[Any]) -> Fetched | None:
        records = self._records(messages)
        whole = Raw.of(records)
        behind = follow(whole, found := runs(whole), self._places, self._still)
        kept, past = self._sorted_out(records) if behind is None else ([], records) if behind else (records, [])
        below = Raw.of(past) if 0 < len(past) < len(records) else whole
        raw = whole if len(kept) == len(records) else Raw.of(kept)
        if raw is not whole:
            found = runs(raw)
        ends = ((past, runs(below) if past else {}), (kept, found))
        lasts = {each: records[last] for records, those in ends for each, (_, last) in those.items()}
        epochs = {each: record.leader_epoch() for each, record in lasts.items()}
        for each, epoch in epochs.items():
            self._places[each].cursor_epoch = epoch
        spans = {each: self._places[each].span(int(raw.offset[first])) for each, (first, _) in found.items()}
        answered = replace(below, epochs=epochs) if past else None
        return Fetched(self._topic, replace(raw, epochs=epochs), kept, spans, answered) if lasts else None

    def _sorted_out(self, records: list[Any]) -> tuple[list[Any], list[Any]]:
        """What is to be answered, and what was. Not what is not ours, or not any more, and nothing that came twice."""
        kept, past = [], []
        for each in records:
            partition, offset = each.partition(), each.offset()
            place = self._places.get(partition)
            if place is None or place.has(offset) or partition in self._still:
                continue
            place.cursor = offset + 1
            if offset < place.position:
                if offset == place.position - 1:
                    self._same.answered(each)
                past.append(each)
            else:
                kept.append(each)
        return kept, past

    def _records(self, messages: list[Any]) -> list[Any]:
        """Without what came in their place; raises what this process cannot go on with."""
        others = [each for each in messages if each.error() is not None]
        for each in others:
            if each.error().code() == EOF:
                self._same.ends(each.partition(), each.offset())
            elif each.error().code() in OFF_THE_LOG and self._same.lost(each.partition(), each.error()):
                self._read()
        raise_endings(each for each in others if each.error().code() not in {EOF, *OFF_THE_LOG})
        return self._same.records([each for each in messages if each.error() is None] if others else messages)

    def _restored(self) -> bool:
        """Asks the keeper about partitions that came, and reads those of which it is known now from where on."""
        waiting, started = self.waiting, time.monotonic()
        self._held = [each for each in self._held if each.partition() not in waiting] if waiting else self._held
        for partition in waiting:
            place = self._places[partition]
            if (point := self._keeper.restore(partition, place.committed)) is not None:
                place.go_to(point)
            if time.monotonic() - started > RESTORE_S:
                break
        known, self._looked = len(self.waiting) < len(waiting), bool(self.waiting)
        if known:
            self._read()
        return known

    def _read(self) -> None:
        """What is not kept still, each from its cursor on, whatever of it was fetched before."""
        read = self._partitions()
        if self._by_steps:
            self._consumer.incremental_unassign(self._consumer.assignment())
        (self._consumer.incremental_assign if self._by_steps else self._consumer.assign)(read)
        self._consumer.resume(read)

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        try:
            found = committed(self._consumer, self._topic, [each.partition for each in partitions])
        except KafkaException as exception:
            raise ending(error_of(exception)) or RestartMe(f"no committed offsets: {exception}") from exception
        self._places.update({each.partition: self._place(each) for each in found})
        (consumer.incremental_assign if self._by_steps else consumer.assign)([])
        self.handovers += 1
        log.info("source.assigned", partitions=sorted(self._places), positions=self.positions)

    def _place(self, found: TopicPartition) -> Place:
        if found.offset >= 0:
            return Place(found.offset, found.metadata or "", epoch=Point.of(found).epoch)
        return Place(self._beginning.of(found.partition), recorded=False)

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.owed.settle_if_possible()
        self._lost(consumer, partitions)

    def _lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        gone = {each.partition for each in partitions}
        if self._by_steps:
            consumer.incremental_unassign([each for each in consumer.assignment() if each.partition in gone])
        for each in partitions:
            if (place := self._places.pop(each.partition, None)) and place.cursor is not None:
                self._keeper.leave(each.partition)
        self.handovers += 1
        self.owed.drop(gone)
        self._held = [each for each in self._held if each.partition() not in gone]
        log.info("source.revoked", partitions=sorted(gone))

    def _starts_recorded(self) -> bool:
        """Commits where a new group begins, so that a crash before its first lot does not move the beginning."""
        unrecorded = {each: place.position for each, place in self._places.items() if not place.recorded}
        if not unrecorded:
            return True
        for partition in unrecorded:
            self._keeper.begins(partition)
        if not self._beginning.record(unrecorded):
            return False
        for partition in unrecorded:
            self._places[partition].recorded = True
        return True

    def _partitions(self) -> list[TopicPartition]:
        """Those that are read, and from where."""
        read = {each: place for each, place in readable(self._places).items() if each not in self._still}
        return [place.reads_from.at(self._topic, each) for each, place in read.items()]
