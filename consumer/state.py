"""What is remembered of cards, by partition: restored, folded forward, left aside, written down.

    restore   1. what was left aside when the partition went, if nobody has gone on from less than that
              2. the newest snapshot that fits and is not ahead of the committed offset
              3. the log, from the longest window before the committed offset on, or from where it begins
    fold      every record once, in the order of its log, whether it is to be answered or was answered already
    aside     the cards of a partition that went stay in the book for a while: a snapshot that costs nothing
    write     snapshots, one partition at a time, between lots, by a thread of their own

A partition is *cold* as long as the longest window of its cards reaches back beyond the first record folded.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
import pyarrow as pa
import structlog
from numpy.typing import NDArray

from consumer import metrics
from consumer.clock import now_ms
from consumer.point import Point
from consumer.retained import Retained
from consumer.snapshots.album import Album
from consumer.snapshots.header import Header, Taken
from consumer.snapshots.search import Search
from models.feature_list import LONGEST_MS
from models.labels import LabelBook
from models.memory import Memory, Sight
from schemas.lot import Raw
from schemas.lot.buffers import numbers
from schemas.verdicts import Mark

ASIDE_S: Final = 600.0
"""How long the cards of a partition that went to somebody else stay in memory."""

SLOWEST_S: Final = 300.0
"""How long a partition waits for a snapshot before its log is folded without."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Fold:
    """How far a partition is folded: `offset` is the next. `begun` turns true with the first record."""

    offset: int
    log_ms: int = 0
    epoch: int | None = None
    cold_since_ms: int | None = None
    begun: bool = True
    left_at: float | None = None

    def advance(self, last: Point, first_ms: int, last_ms: int) -> None:
        if not self.begun:
            self.cold_since_ms, self.begun = max(first_ms, 0), True
        (self.offset, self.epoch), self.log_ms = last, max(last_ms, 0)

    @classmethod
    def of(cls, header: Header) -> Self:
        return cls(header.offset, header.log_ms, header.leader_epoch, header.cold_since_ms)

    @property
    def at(self) -> Point:
        return Point(self.offset, self.epoch)

    @property
    def ours(self) -> bool:
        return self.left_at is None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a partition is restored to, from when on, and where its log began then."""

    committed: Point
    low: int
    began: float
    search: Search


class State:
    """For the loop's thread alone. `now` is a clock that only grows."""

    def __init__(
        self,
        memory: Memory,
        retained: Retained,
        album: Album,
        now: Callable[[], float] = time.monotonic,
        clock_ms: Callable[[], int] = now_ms,
    ) -> None:
        self._clock_ms = clock_ms
        self._memory, self._retained, self._album, self._now = memory, retained, album, now
        self._folds: dict[int, Fold] = {}
        self._asked: dict[int, Asked] = {}

    @property
    def labels(self) -> LabelBook:
        return self._memory.labels

    @property
    def partitions(self) -> int:
        """Those of the input."""
        return self._album.origin.partitions

    @property
    def topic_id(self) -> str:
        """Of the input."""
        return self._album.origin.topic_id

    @property
    def cards(self) -> int:
        return len(self._memory.cards)

    @property
    def nbytes(self) -> int:
        return self._memory.cards.nbytes

    @property
    def folds(self) -> Mapping[int, Fold]:
        """Of the partitions that are ours."""
        return {partition: fold for partition, fold in self._folds.items() if fold.ours}

    def begins(self, partition: int) -> None:
        """The group has no offset there."""
        self._album.refuse_if_known(partition)

    def restore(self, partition: int, committed: Point) -> Point | None:
        """The offset from which on records are to be handed to `see` and `remember`; at most `committed`.

        None while a snapshot is being looked for.
        """
        asked = self._asked.get(partition)
        if asked is None or asked.committed != committed:
            low, fold = self._retained.low(partition), self._folds.get(partition)
            if fold is not None and low <= fold.offset and fold.at.leads_to(committed):
                return self._restored(partition, fold, committed, "aside", self._now())
            self._forget(partition)
            search = self._album.newest(partition, committed, low, self._memory.cards.terms)
            self._asked[partition] = asked = Asked(committed, low, self._now(), search)
        slow = not asked.search.done
        if slow and self._now() - asked.began < SLOWEST_S:
            return None
        del self._asked[partition]
        if slow:
            log.warning("snapshots.too_slow", partition=partition, waited_s=SLOWEST_S)
        elif found := asked.search.found():
            self._memory.cards.from_arrays(partition, found.arrays)
            return self._restored(partition, Fold.of(found.header), committed, "snapshot", asked.began)
        fold = self._from_log(partition, committed.offset, asked.low)
        return self._restored(partition, fold, committed, "log", asked.began)

    def _restored(self, partition: int, fold: Fold, committed: Point, source: str, began: float) -> Point:
        fold.left_at = None
        self._folds[partition] = fold
        self._album.begin(partition, fold.offset, self._now())
        seconds = self._now() - began
        metrics.RESTORES.labels(source).inc()
        metrics.RESTORE_SECONDS.observe(seconds)
        said = {"from": source, "offset": fold.offset, "cold_since_ms": fold.cold_since_ms}
        log.info("state.restored", partition=partition, seconds=round(seconds, 3), committed=committed.offset, **said)
        return fold.at

    def disown(self, partition: int) -> None:
        """The log was cut below where it was folded: neither the cards nor a snapshot of that offset are of it."""
        if fold := self._folds.get(partition):
            self._album.disown(partition, fold.offset)
            self._forget(partition)

    def leave(self, partition: int) -> None:
        self._album.end(partition)
        if fold := self._folds.get(partition):
            fold.left_at = self._now()

    def remember(self, raw: Raw, rows: pa.RecordBatch) -> None:
        """Records that were answered already."""
        self._memory.remember(rows)
        self._advance(raw)

    def see(self, raw: Raw, rows: pa.RecordBatch) -> Sight:
        """What is known of each row as of its own time; `raw` are all records of the lot, also those refused."""
        sight = self._memory.see(rows)
        self._advance(raw)
        cold = self._cold(numbers(rows["partition"]), sight.at)
        return replace(sight, marks=sight.marks | np.uint32(Mark.COLD_STATE) * cold) if cold.any() else sight

    @property
    def oldest_ms(self) -> int | None:
        """A time before which no row is asked about, but for those later than anything that is remembered."""
        known = [fold.log_ms for fold in self._folds.values() if fold.ours and fold.begun]
        return min(*known, self._clock_ms()) - self._memory.cards.terms.kept_ms if known else None

    def write_due(self, label_offsets: Mapping[int, int]) -> None:
        """Takes the snapshot that is due, if one is; never called while a lot is pending."""
        self._drop_aside()
        due = self._album.due({each: fold.offset for each, fold in self.folds.items() if fold.begun}, self._now())
        if due is not None:
            self._take(due, label_offsets)

    def close(self, label_offsets: Mapping[int, int]) -> None:
        """Writes down what has been folded since the last snapshots, and waits for that as long as an end may take."""
        for partition, fold in self.folds.items():
            if fold.begun and self._album.moved(partition, fold.offset):
                self._take(partition, label_offsets)
        self._album.close()

    def _take(self, partition: int, label_offsets: Mapping[int, int]) -> None:
        fold = self._folds[partition]
        taken = Taken(
            origin=self._album.origin,
            partition=partition,
            offset=fold.offset,
            leader_epoch=fold.epoch,
            label_offsets=dict(label_offsets),
            log_ms=fold.log_ms,
            cold_since_ms=fold.cold_since_ms,
        )
        self._album.add(taken, self._memory.cards.to_arrays(partition), self._now())

    def _from_log(self, partition: int, committed: int, low: int) -> Fold:
        """All records that a window of the next ones may hold, if the log still has them."""
        if low >= committed:
            return Fold(committed, begun=False)
        since_ms = self._retained.time_before(partition, committed) - self._memory.cards.terms.kept_ms
        first = self._retained.first_at(partition, since_ms)
        first = committed if first is None else min(first, committed)
        return Fold(first, cold_since_ms=max(since_ms, 0)) if first > low else Fold(low, begun=False)

    def _forget(self, partition: int) -> None:
        if self._folds.pop(partition, None):
            self._memory.cards.drop(partition)

    def _drop_aside(self) -> None:
        now = self._now()
        for each in [p for p, fold in self._folds.items() if fold.left_at is not None and now - fold.left_at > ASIDE_S]:
            self._forget(each)
        self._asked = {each: asked for each, asked in self._asked.items() if now - asked.began <= ASIDE_S}

    def _advance(self, raw: Raw) -> None:
        for partition in np.unique(raw.partition).tolist():
            mine = np.flatnonzero(raw.partition == partition)
            first, last = mine[0], mine[-1]
            next_one = Point(int(raw.offset[last]) + 1, raw.epochs.get(partition))
            self._folds[partition].advance(next_one, int(raw.timestamp[first]), int(raw.timestamp[last]))

    def _cold(self, partitions: NDArray[np.int32], at: NDArray[np.int64]) -> NDArray[np.bool_]:
        cold = np.zeros(len(at), np.bool_)
        for partition in np.unique(partitions).tolist():
            since = self._folds[partition].cold_since_ms
            if since is not None:
                cold |= (partitions == partition) & (at - LONGEST_MS < since)
        return cold
