"""The newest snapshot that a partition can go on from: every other one is passed over, by name and with the reason.

1. what the store has of the partition  2. from the newest to the oldest: offset, header, bytes, what they hold
3. the first that fits. A store that does not answer is asked a few times; then it is as if it were empty, and the log
is folded from the longest window back.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from consumer.metrics import SNAPSHOT_READ_SECONDS, SNAPSHOTS_IGNORED
from consumer.point import Point
from consumer.snapshots.file import read_arrays, read_header
from consumer.snapshots.header import Header, Origin
from consumer.snapshots.names import Name
from consumer.snapshots.reasons import Ignored, Reason
from consumer.snapshots.store import Store, Stored
from models.cards.extract import Arrays
from models.cards.terms import Terms

TRIES: Final = 3
BETWEEN_S: Final = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Expected:
    """`committed` is the next offset to be scored; `log_start` the first that the log still has."""

    origin: Origin
    partition: int
    committed: int
    leader_epoch: int | None = None
    """Of the last record before `committed`, where it is known."""
    log_start: int = 0
    disowned: frozenset[int] = frozenset()
    """Offsets at which the broker says that the log is another one by now."""

    @property
    def point(self) -> Point:
        return Point(self.committed, self.leader_epoch)


@dataclass(frozen=True, slots=True, eq=False)
class Restored:
    header: Header
    arrays: Arrays


def newest(
    store: Store, expected: Expected, terms: Terms, rest: Callable[[float], object] = time.sleep
) -> Restored | None:
    """What `CardBook.from_arrays` takes as it is; None where nothing fits."""
    with SNAPSHOT_READ_SECONDS.time():
        for stored in _listed(store, expected.partition, rest):
            try:
                return _read(store, stored, expected, terms)
            except Ignored as ignored:
                _tell(stored.name, ignored)
    return None


def mismatch(header: Header, expected: Expected) -> Ignored | None:
    """Why it does not fit, the most telling reason first."""
    mine, own = header.origin, expected.origin
    differing = (
        (Reason.OTHER_CLUSTER, mine.cluster_id, own.cluster_id),
        (Reason.OTHER_TOPIC, mine.topic, own.topic),
        (Reason.OTHER_TOPIC, mine.topic_id, own.topic_id),
        (Reason.OTHER_PARTITION, header.partition, expected.partition),
        (Reason.OTHER_PARTITION_COUNT, mine.partitions, own.partitions),
        (Reason.OTHER_GROUP, mine.group, own.group),
        (Reason.OTHER_FOLD, mine.fold_digest, own.fold_digest),
    )
    for reason, said, wanted in differing:
        if said != wanted:
            return Ignored(reason, f"{said}, not {wanted}")
    return _position(header, expected)


def _position(header: Header, expected: Expected) -> Ignored | None:
    if header.offset > expected.committed:
        return Ignored(Reason.AHEAD, f"{header.offset} is beyond the committed {expected.committed}")
    if header.offset < expected.log_start:
        return Ignored(Reason.BEHIND_THE_LOG, f"{header.offset} is before the log's first {expected.log_start}")
    if header.offset in expected.disowned:
        return Ignored(Reason.OTHER_LOG, f"the log was cut before {header.offset} and written anew")
    if not Point(header.offset, header.leader_epoch).leads_to(expected.point):
        ours = f"{expected.leader_epoch} at {expected.committed}"
        return Ignored(Reason.OTHER_LOG, f"leader epoch {header.leader_epoch} at {header.offset}, and {ours}")
    return None


def _listed(store: Store, partition: int, rest: Callable[[float], object]) -> Sequence[Stored]:
    for left in range(TRIES - 1, -1, -1):
        try:
            return store.snapshots(partition)
        except OSError as error:
            log.warning("snapshots.away", store=str(store), partition=partition, tries_left=left, error=str(error))
            if left:
                rest(BETWEEN_S)
    SNAPSHOTS_IGNORED.labels(Reason.UNREADABLE.value).inc()
    return ()


def _read(store: Store, stored: Stored, expected: Expected, terms: Terms) -> Restored:
    if stored.name.offset > expected.committed:
        raise Ignored(Reason.AHEAD, f"{stored.name.offset} is beyond the committed {expected.committed}")
    try:
        with store.open(stored.name) as (source, size):
            header = read_header(source, size)
            if ignored := mismatch(header, expected) or misnamed(header, stored.name):
                raise ignored
            return Restored(header, read_arrays(source, header, terms))
    except OSError as error:
        raise Ignored(Reason.UNREADABLE, str(error)) from error


def misnamed(header: Header, name: Name) -> Ignored | None:
    if Name.of(header) != name:
        return Ignored(Reason.DAMAGED, f"its header is that of {Name.of(header)}")
    return None


def _tell(name: Name, ignored: Ignored) -> None:
    SNAPSHOTS_IGNORED.labels(ignored.reason.value).inc()
    log.warning("snapshot.ignored", snapshot=str(name), reason=ignored.reason.value, detail=ignored.detail)
