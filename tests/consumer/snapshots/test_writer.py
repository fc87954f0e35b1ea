"""Writing beside the scoring: nothing blocks, nothing fails, nothing is lost at the end."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from support.snapshots import NOW_MS, TERMS, book, expected, log, put, taken

from consumer.metrics import DEGRADED, SNAPSHOT_BYTES, SNAPSHOT_TIME, SNAPSHOTS, SNAPSHOTS_FAILING
from consumer.snapshots.names import Name
from consumer.snapshots.restore import newest
from consumer.snapshots.retention import Keep
from consumer.snapshots.store import Store
from consumer.snapshots.writer import Writer
from models.artefact.durable import Buffer
from models.cards.extract import Arrays

PATIENCE_S = 20.0


def counted(outcome: str) -> float:
    return float(SNAPSHOTS.labels(outcome)._value.get())


def failing() -> float:
    return float(DEGRADED.labels(SNAPSHOTS_FAILING)._value.get())


class Gated(Store):
    """Writes once it is let, and counts how many are written at once."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.url, "fraudstream", "transactions")
        self.gate, self.begun = threading.Event(), threading.Event()
        self.inside, self.most = 0, 0

    def write(self, name: Name, pieces: Sequence[Buffer]) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.begun.set()
        assert self.gate.wait(PATIENCE_S)
        super().write(name, pieces)
        self.inside -= 1


@contextmanager
def writing(store: Store, keep: Keep | None = None) -> Iterator[Writer]:
    writer = Writer(store, keep or Keep(), lambda: NOW_MS / 1000)
    try:
        yield writer
    finally:
        assert writer.close(PATIENCE_S)


def until(true: object) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.005)


def test_what_is_handed_over_can_be_restored(store: Store, arrays: Arrays) -> None:
    """With the facts it came with; the metrics say so."""
    before = counted("written")
    with writing(store) as writer:
        writer.hand_over(taken(offset=5, cold_since_ms=9), arrays)
    found = newest(store, expected(), TERMS)
    assert found is not None
    assert (found.header.offset, found.header.cold_since_ms, found.header.made_at_ms) == (5, 9, NOW_MS)
    assert counted("written") == before + 1
    assert SNAPSHOT_BYTES.labels("1")._value.get() == found.header.length
    assert SNAPSHOT_TIME.labels("1")._value.get() == NOW_MS / 1000


def test_the_arrays_are_copies() -> None:
    """A book that is folded on meanwhile, or forgets the partition, does not change what is written."""
    rows = log(2_000)
    made_of = book(rows[:1_000])
    arrays = made_of.to_arrays(1)
    copies = {name: array.copy() for name, array in arrays.items()}
    made_of.drop(1)
    made_of.from_arrays(1, book(rows).to_arrays(1))
    assert all((arrays[name] == copies[name]).all() for name in arrays)


def test_handing_over_never_waits(store: Store, arrays: Arrays) -> None:
    """While the store hangs, a newer one replaces the one that waits; one is written at a time, none is lost."""
    gated, before = Gated(store), counted("replaced")
    with writing(gated) as writer:
        assert writer.idle
        writer.hand_over(taken(0, 1), arrays)
        assert gated.begun.wait(PATIENCE_S)
        start = time.perf_counter()
        for offset in range(2, 200):
            for partition in range(3):
                writer.hand_over(taken(partition, offset), arrays)
        assert time.perf_counter() - start < 2.0
        assert not writer.idle
        assert store.snapshots() == []
        gated.gate.set()
    assert [(each.name.partition, each.name.offset) for each in store.snapshots()] == [
        (0, 199),
        (0, 1),
        (1, 199),
        (2, 199),
    ]
    assert counted("replaced") == before + 3 * 197
    assert gated.most == 1


def test_the_end_waits_for_what_was_handed_over(store: Store, arrays: Arrays) -> None:
    """As long as it was told to, and no longer; what comes after the end is not taken."""
    gated = Gated(store)
    writer = Writer(gated, Keep())
    writer.hand_over(taken(0, 1, log_ms=0), arrays)
    writer.hand_over(taken(1, 1, log_ms=0), arrays)
    start = time.perf_counter()
    assert not writer.close(0.2)
    assert time.perf_counter() - start < 5.0
    writer.hand_over(taken(2, 1, log_ms=0), arrays)
    gated.gate.set()
    assert writer.close(PATIENCE_S)
    assert [each.name.partition for each in store.snapshots()] == [0, 1]


class Broken(Store):
    def __init__(self, store: Store, error: Exception) -> None:
        super().__init__(store.url, "fraudstream", "transactions")
        self.error: Exception | None = error

    def write(self, name: Name, pieces: Sequence[Buffer]) -> None:
        if self.error:
            raise self.error
        super().write(name, pieces)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), MemoryError(), ValueError("what?")])
def test_a_failure_is_told_and_over(error: Exception, store: Store, arrays: Arrays) -> None:
    """Scoring goes on, older snapshots stay; the next one that is written ends it."""
    put(store, taken(offset=1), arrays)
    broken, before = Broken(store, error), counted("failed")
    with capture_logs() as said, writing(broken) as writer:
        writer.hand_over(taken(offset=2), arrays)
        until(lambda: counted("failed") == before + 1)
        until(lambda: writer.idle)
        assert failing() == 1
        assert [each.name.offset for each in store.snapshots()] == [1]
        broken.error = None
        writer.hand_over(taken(offset=3), arrays)
        until(lambda: writer.idle)
    assert failing() == 0
    assert [each.name.offset for each in store.snapshots()] == [3, 1]
    (told,) = [each for each in said if each["event"] == "snapshot.failed"]
    assert (told["partition"], told["offset"], bool(told["error"])) == (1, 2, True)


def test_a_folder_that_is_a_file(store: Store, arrays: Arrays) -> None:
    """No snapshot can be written there, and the thread lives on."""
    Path(store.url).write_text("no folder")
    before = counted("failed")
    with writing(store) as writer:
        writer.hand_over(taken(), arrays)
        until(lambda: counted("failed") == before + 1)
        Path(store.url).unlink()
        writer.hand_over(taken(), arrays)
    assert len(store.snapshots()) == 1


def test_older_ones_are_pruned(store: Store, arrays: Arrays) -> None:
    """Of that partition, after each that was written."""
    put(store, taken(2, 1), arrays)
    with writing(store, Keep(2, 1)) as writer:
        for offset in range(5):
            writer.hand_over(taken(offset=offset), arrays)
            until(lambda: writer.idle)
    assert [(each.name.partition, each.name.offset) for each in store.snapshots()] == [(1, 4), (1, 3), (2, 1)]


def test_pruning_that_fails_is_no_failure(store: Store, arrays: Arrays) -> None:
    """The snapshot is written; there are some too many."""
    before = counted("failed"), counted("written")
    store.sweep = None  # type: ignore[assignment, method-assign]
    with capture_logs() as said, writing(store) as writer:
        writer.hand_over(taken(), arrays)
    assert (counted("failed"), counted("written")) == (before[0], before[1] + 1)
    assert said[-1]["event"] == "snapshots.not_pruned"


def test_a_record_of_the_future_makes_no_day(store: Store, arrays: Arrays) -> None:
    """Its day would make all others seem old."""
    with writing(store) as writer:
        writer.hand_over(taken(log_ms=NOW_MS * 9 // 8), arrays)
    assert [each.name.log_ms for each in store.snapshots()] == [NOW_MS]
