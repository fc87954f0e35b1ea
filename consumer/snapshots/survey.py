"""What snapshots there are and whether they could be used, as far as can be told without a broker."""

from collections.abc import Iterator
from dataclasses import dataclass

from consumer.snapshots.file import check, read_header
from consumer.snapshots.header import Header, Origin
from consumer.snapshots.reasons import Ignored, Reason
from consumer.snapshots.restore import misnamed
from consumer.snapshots.store import Store, Stored


@dataclass(frozen=True, slots=True)
class Found:
    stored: Stored
    header: Header | None
    wrong: Ignored | None


def survey(store: Store, fold_digest: str, partition: int | None = None, *, whole: bool = False) -> Iterator[Found]:
    """By partition, the newest first; with `whole` every byte is read, else the headers alone."""
    for stored in store.snapshots(partition):
        yield _found(store, stored, fold_digest, whole)


def same_log(store: Store, partition: int, origin: Origin) -> bool:
    """Whether any is of the same topic on the same cluster, whatever folded it. Raises OSError."""
    for stored in store.snapshots(partition):
        try:
            with store.open(stored.name) as (source, size):
                found = read_header(source, size).origin
        except Ignored:
            continue
        if (found.cluster_id, found.topic_id) == (origin.cluster_id, origin.topic_id):
            return True
    return False


def _found(store: Store, stored: Stored, fold_digest: str, whole: bool) -> Found:
    header = None
    try:
        with store.open(stored.name) as (source, size):
            header = read_header(source, size)
            if wrong := misnamed(header, stored.name) or _other_fold(header, fold_digest):
                return Found(stored, header, wrong)
            if whole:
                check(source, header)
    except Ignored as ignored:
        return Found(stored, header, ignored)
    except OSError as error:
        return Found(stored, header, Ignored(Reason.UNREADABLE, str(error)))
    return Found(stored, header, None)


def _other_fold(header: Header, fold_digest: str) -> Ignored | None:
    if header.origin.fold_digest != fold_digest:
        return Ignored(Reason.OTHER_FOLD, "other code or settings than these would have made other state")
    return None
