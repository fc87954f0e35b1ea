"""What is remembered of cards across restarts, rebalances and lost snapshots: always what the log says."""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pytest
from structlog.testing import capture_logs
from support.card_oracle import DAY, Row, lots
from support.retained import Log
from support.snapshots import NOW_MS, ORIGIN, TERMS, log

from consumer.metrics import DEGRADED, SNAPSHOTS, SNAPSHOTS_FAILING, SNAPSHOTS_IGNORED
from consumer.point import Point
from consumer.retained import Retained
from consumer.snapshots.album import Album
from consumer.snapshots.header import Origin
from consumer.snapshots.names import Name
from consumer.snapshots.retention import Keep
from consumer.snapshots.schedule import Schedule
from consumer.snapshots.store import Store, Stored
from consumer.snapshots.writer import Writer
from consumer.state import ASIDE_S, SLOWEST_S, State
from models.bank import Bank
from schemas.errors import DependencyAway, Misconfigured
from schemas.file_systems import connected
from schemas.lot import Raw
from schemas.lot.buffers import numbers
from schemas.verdicts import Mark

P = 1


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Of one partition, with offsets of its own that have gaps."""
    mine = [row | {"offset": 2 * number} for number, row in enumerate(r for r in log() if r["partition"] == P)]
    assert len(mine) > 1_000
    return mine


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


class Worker:
    """A process: it has a memory, and ends."""

    def __init__(
        self, folder: Path, rows: list[Row], *, every_s: float = 1e9, low: int = 0, origin: Origin = ORIGIN
    ) -> None:
        self.store, self.clock = Store(str(folder), ORIGIN.group, ORIGIN.topic), Clock()
        self.memory = Bank(terms=TERMS).memory()
        self.rows = [row for row in rows if row["offset"] >= low]
        times = {int(row["offset"]): int(row["timestamp"]) for row in self.rows}
        there = Log({P: times}, lows={P: low} if low else {}, highs={P: max(times, default=-2) + 2})
        retained = Retained(there, ORIGIN.topic, lambda: NOW_MS)
        schedule = Schedule(every_s, 10**9)
        self.writer = Writer(self.store, Keep())
        self.state = State(self.memory, retained, Album(self.store, origin, schedule, self.writer), self.clock)

    def read(self, committed: int, until: int) -> np.ndarray:  # type: ignore[type-arg]
        """Restores and reads on to there; the features of what is to be answered."""
        begin = self.restore(committed)
        past = [row for row in self.rows if begin <= row["offset"] < committed]
        for lot in lots(past, 100):
            self.state.remember(raw(lot), lot)
        return self.answer(committed, until)

    def restore(self, committed: int, epoch: int | None = None) -> int:
        point = self.state.restore(P, Point(committed, epoch))
        assert point is not None
        return point.offset

    def answer(self, begin: int, until: int) -> np.ndarray:  # type: ignore[type-arg]
        mine = [row for row in self.rows if begin <= row["offset"] < until]
        sights = [self.state.see(raw(lot), lot) for lot in lots(mine, 70)]
        return np.concatenate([np.column_stack([each.features, each.marks]) for each in sights])


def raw(lot: pa.RecordBatch) -> Raw:
    partition, offset, timestamp = (numbers(lot[name]).copy() for name in ("partition", "offset", "timestamp"))
    nothing: list[bytes | None] = [None] * lot.num_rows
    return Raw(partition, offset, timestamp, nothing, nothing)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


def same(found: np.ndarray, expected: np.ndarray) -> None:  # type: ignore[type-arg]
    """Bit for bit, but for cold rows, of which it is said that they are outside of the promise."""
    assert found.shape == expected.shape
    marks = found[:, -1].astype(np.uint32)
    warm = marks & Mark.COLD_STATE == 0
    assert warm.mean() > 0.9
    assert found[warm, :-1].tobytes() == expected[warm, :-1].tobytes()
    assert ((marks[warm] | Mark.COLD_STATE) == (expected[warm, -1].astype(np.uint32) | Mark.COLD_STATE)).all()


def test_a_worker_that_is_restarted_answers_as_if_it_had_gone_on(folder: Path, rows: list[Row]) -> None:
    """From a snapshot behind the committed offset, the gap folded again; and from the log alone."""
    end = rows[-1]["offset"] + 1
    whole = Worker(folder / "none", rows).read(0, end)
    first = Worker(folder, rows)
    first.read(0, 800)
    first.state.close({})
    after = whole[[row["offset"] >= 1_200 for row in rows]]
    same(Worker(folder, rows).read(1_200, end), after)
    same(Worker(folder / "lost", rows).read(1_200, end), after)


def test_a_snapshot_that_is_ahead_is_no_way_back(folder: Path, rows: list[Row]) -> None:
    """The group was set back in time: what was folded since then is folded once, from the log."""
    end = rows[-1]["offset"] + 1
    whole = Worker(folder / "none", rows).read(0, end)
    first = Worker(folder, rows)
    first.read(0, 1_600)
    first.state.close({})
    same(Worker(folder, rows).read(600, end), whole[[row["offset"] >= 600 for row in rows]])


def test_a_partition_that_comes_back_goes_on_from_what_was_left_aside(folder: Path, rows: list[Row]) -> None:
    """Somebody else went on meanwhile: the records between are folded, no snapshot is asked for."""
    whole = Worker(folder / "none", rows).read(0, 2_000)
    worker = Worker(folder, rows)
    worker.read(0, 500)
    worker.state.leave(P)
    assert worker.state.folds == {}
    assert worker.restore(900) == 499
    worker.state.leave(P)
    same(worker.read(900, 2_000), whole[[row["offset"] >= 900 for row in rows[:1_000]]])


def test_what_is_ahead_of_the_committed_offset_is_thrown_away(folder: Path, rows: list[Row]) -> None:
    """The lot that was folded last was never committed; whoever has the partition answers it."""
    whole = Worker(folder / "none", rows).read(0, 2_000)
    worker = Worker(folder, rows)
    worker.read(0, 1_000)
    worker.state.leave(P)
    same(worker.read(700, 2_000), whole[[row["offset"] >= 700 for row in rows[:1_000]]])


def test_what_is_left_aside_behind_the_log_is_thrown_away(folder: Path, rows: list[Row]) -> None:
    """The records between were deleted meanwhile: the log is folded from where it begins."""
    worker = Worker(folder, rows)
    worker.read(0, 500)
    worker.state.leave(P)
    worker.state._retained = Worker(folder, [row for row in rows if row["offset"] >= 600]).state._retained
    assert worker.restore(900) == 600


def test_a_record_of_the_far_future_makes_nobody_forget(folder: Path) -> None:
    """Its time is wrong; what rows of now are to see stays."""
    row = {"card_id": "c", "partition": P, "event_id": "e", "amount_minor": 5, "offset": 0}
    rows = [row | {"event_time": NOW_MS, "timestamp": NOW_MS * 1_000}]
    worker = Worker(folder, rows)
    worker.read(0, 1)
    assert worker.state.oldest_ms is not None
    assert worker.state.oldest_ms < time.time() * 1_000


def test_what_is_left_aside_is_dropped_in_the_end(folder: Path, rows: list[Row]) -> None:
    """Memory is for the partitions that are ours."""
    worker = Worker(folder, rows)
    worker.read(0, 1_000)
    cards = worker.state.cards
    worker.state.leave(P)
    worker.state.write_due({})
    assert worker.state.cards == cards > 0
    worker.clock.at = ASIDE_S + 1
    worker.state.write_due({})
    assert worker.state.cards == 0


def test_rows_are_cold_until_the_longest_window_is_covered(folder: Path) -> None:
    """Counted from the first record that was folded, also across a restart."""
    day = [{"card_id": "c", "partition": P, "event_id": str(n), "amount_minor": 5} for n in range(50)]
    rows = [
        row | {"offset": n, "event_time": NOW_MS + n * DAY - 60 * DAY, "timestamp": NOW_MS + n * DAY - 60 * DAY}
        for n, row in enumerate(day)
    ]
    first = Worker(folder, rows)
    marks = first.read(0, 20)[:, -1].astype(np.uint32)
    first.state.close({})
    marks = np.concatenate([marks, Worker(folder, rows).read(20, 50)[:, -1].astype(np.uint32)])
    assert (marks & Mark.COLD_STATE != 0).tolist() == [True] * 30 + [False] * 20


def test_without_a_snapshot_the_log_is_read_from_the_longest_window_back(folder: Path) -> None:
    """And not from its beginning, however long it is; what would have been needed and is gone makes rows cold."""
    times = [NOW_MS - (100 - n) * DAY for n in range(100)]
    rows = [{"card_id": "c", "partition": P, "event_id": str(n), "amount_minor": 5, "offset": n} for n in range(100)]
    rows = [row | {"event_time": time, "timestamp": time} for row, time in zip(rows, times, strict=True)]
    worker = Worker(folder, rows)
    reach = TERMS.kept_ms // DAY
    assert worker.restore(90) == 90 - reach
    assert 0 <= times[90] - TERMS.kept_ms - worker.state.folds[P].cold_since_ms < 60_000
    lately = Worker(folder, rows[60:])
    assert lately.restore(90) == 60
    marks = lately.read(90, 100)[:, -1].astype(np.uint32)
    assert (marks & Mark.COLD_STATE != 0).tolist() == [n - 30 < 60 for n in range(90, 100)]


def test_refused_records_are_passed(folder: Path, rows: list[Row]) -> None:
    """They have offsets, and change nothing that is remembered."""
    worker = Worker(folder, rows)
    worker.restore(0)
    lot = next(iter(lots(rows[:10], 10)))
    worker.state.see(raw(lot), lot.slice(0, 7))
    assert worker.state.folds[P].offset == rows[9]["offset"] + 1


def test_snapshots_are_taken_when_they_are_due(folder: Path, rows: list[Row]) -> None:
    """They end where the last lot ended, and say when that was."""
    worker = Worker(folder, rows, every_s=10)
    worker.read(0, 500)
    worker.state.write_due({})
    assert worker.store.snapshots() == []
    worker.clock.at = 10.1
    worker.state.write_due({0: 7})
    worker.state.close({})
    (stored,) = worker.store.snapshots()
    last = max((row for row in rows if row["offset"] < 500), key=lambda row: row["offset"])
    assert (stored.name.partition, stored.name.offset) == (P, last["offset"] + 1)
    assert stored.name.log_ms == last["timestamp"]


def test_a_group_whose_offsets_are_gone_is_told(folder: Path, rows: list[Row]) -> None:
    """It would begin anew, and nobody would know what was answered."""
    worker = Worker(folder, rows)
    worker.state.begins(P)
    worker.read(0, 500)
    worker.state.close({})
    again = Worker(folder, rows)
    with pytest.raises(Misconfigured, match="no committed offset for partition 1"):
        again.state.begins(P)
    again.state.begins(P + 1)
    away = Worker(folder, rows)
    away.store._connect = unreachable
    with pytest.raises(DependencyAway, match="cannot be read"):
        away.state.begins(P)


def snapshots_at(folder: Path, rows: list[Row], *ends: int) -> list[Path]:
    """Of workers that were restarted there, the oldest first."""
    for begin, end in pairwise((0, *ends)):
        worker = Worker(folder, rows)
        worker.read(begin, end)
        worker.state.close({})
    return sorted(folder.rglob("*.snapshot"))


def from_log(folder: Path, rows: list[Row], committed: int) -> int:
    """Where a worker begins that has nothing but the log."""
    return Worker(folder / "none", rows).restore(committed)


def restored(worker: Worker, committed: int, until: int) -> tuple[np.ndarray, list[str], int]:  # type: ignore[type-arg]
    """Its answers, why snapshots were passed over, and from where it folded."""
    with capture_logs() as said:
        found = worker.read(committed, until)
    reasons = [each["reason"] for each in said if each["event"] == "snapshot.ignored"]
    (begun,) = [each["offset"] for each in said if each["event"] == "state.restored"]
    return found, reasons, begun


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "gone"])
def test_a_damaged_snapshot_leads_to_the_one_before(damage: str, folder: Path, rows: list[Row]) -> None:
    """Loudly, and to the same bits; where all are damaged, to the log."""
    whole = Worker(folder / "none", rows).read(0, 2_000)[[row["offset"] >= 1_400 for row in rows[:1_000]]]
    older, newer = snapshots_at(folder, rows, 800, 1_200)
    content = newer.read_bytes()
    spoilt = {"flipped": content[:-9] + bytes([content[-9] ^ 4]) + content[-8:], "cut": content[:-100], "empty": b""}
    if damage == "gone":
        newer.unlink()
    else:
        newer.write_bytes(spoilt[damage])
    loud = [] if damage == "gone" else ["damaged"]
    found, reasons, begun = restored(Worker(folder, rows), 1_400, 2_000)
    same(found, whole)
    assert (reasons, begun) == (loud, 799)
    older.write_bytes(older.read_bytes()[:-1])
    found, reasons, begun = restored(Worker(folder, rows), 1_400, 2_000)
    same(found, whole)
    assert (reasons, begun) == ([*loud, "damaged"], from_log(folder, rows, 1_400))


@pytest.mark.parametrize(
    ("origin", "reason"),
    [
        ({"fold_digest": "cd" * 32}, "other_fold"),
        ({"topic_id": "topic-2"}, "other_topic"),
        ({"cluster_id": "cluster-b"}, "other_cluster"),
    ],
)
def test_state_of_another_origin_is_folded_anew(
    origin: dict[str, str], reason: str, folder: Path, rows: list[Row]
) -> None:
    """Other settings of the fold, a topic made again, another cluster: the log decides, and its snapshots live on."""
    whole = Worker(folder / "none", rows).read(0, 900)[[row["offset"] >= 820 for row in rows[:450]]]
    snapshots_at(folder, rows, 800)
    other = ORIGIN.model_copy(update=origin)
    worker = Worker(folder, rows, origin=other)
    found, reasons, begun = restored(worker, 820, 900)
    same(found, whole)
    assert (reasons, begun) == ([reason], from_log(folder, rows, 820))
    worker.state.close({})
    assert restored(Worker(folder, rows, origin=other), 900, 990)[2] == 899
    assert restored(Worker(folder, rows), 900, 990)[1:] == ([reason], 799)


def test_a_log_that_lost_its_beginning(folder: Path, rows: list[Row]) -> None:
    """A snapshot at or behind its first record needs none of what is gone; where there is none, rows are cold."""
    whole = Worker(folder / "none", rows).read(0, 2_000)[[row["offset"] >= 1_000 for row in rows[:1_000]]]
    snapshots_at(folder, rows, 801)
    found, reasons, begun = restored(Worker(folder, rows, low=801), 1_000, 2_000)
    same(found, whole)
    assert (reasons, begun) == ([], 801)
    found, reasons, begun = restored(Worker(folder, rows, low=802), 1_000, 2_000)
    assert (reasons, begun) == (["behind_the_log"], 802)
    marks = found[:, -1].astype(np.uint32)
    first_ms = next(row["timestamp"] for row in rows if row["offset"] >= 802)
    asked = [row for row in rows[:1_000] if row["offset"] >= 1_000]
    limits = [row["timestamp"] + TERMS.future_ms if row["timestamp"] > 0 else 2**62 for row in asked]
    cold = [min(row["event_time"], limit) - 30 * DAY < first_ms for row, limit in zip(asked, limits, strict=True)]
    assert (marks & Mark.COLD_STATE != 0).tolist() == cold
    assert any(cold)


def test_a_log_that_was_cut_and_written_anew(folder: Path, rows: list[Row]) -> None:
    """What is in memory and what was written of it are dropped once the broker says so, here and after a restart."""
    snapshots_at(folder, rows, 400, 800)
    worker = Worker(folder, rows)
    newest = worker.restore(900)
    worker.state.disown(P)
    assert worker.state.folds == {}
    assert worker.restore(900) < newest
    worker.state.disown(P)
    assert worker.restore(900) == from_log(folder, rows, 900)


def test_where_state_ends_and_whose_log_it_is_go_together(folder: Path, rows: list[Row]) -> None:
    """The leader epoch of the last record stands in snapshots; what is left aside has to fit as well."""
    first = Worker(folder, rows)
    first.restore(0)
    lot = next(lots(rows, 100))
    first.state.remember(replace(raw(lot), epochs={P: 4}), lot)
    end = first.state.folds[P].offset
    first.state.close({})
    worker = Worker(folder, rows)
    assert worker.state.restore(P, Point(end + 9, 5)) == Point(end, 4)
    worker.state.leave(P)
    assert worker.restore(end, 5) < end
    assert Worker(folder, rows).state.restore(P, Point(end, 4)) == Point(end, 4)
    assert Worker(folder, rows).restore(end + 9, 3) < end


def test_what_was_deleted_before_it_was_scored_is_not_jumped_over(folder: Path, rows: list[Row]) -> None:
    """The position stays where it was committed: the broker has nothing there, and that ends the worker."""
    snapshots_at(folder, rows, 801)
    assert Worker(folder, rows, low=1_200).restore(900) == 900
    assert Worker(folder, rows, low=1_200).restore(801) == 801


class Slow(Store):
    """Answers when it is let."""

    def __init__(self, inner: Store) -> None:
        self._inner, self.let = inner, threading.Event()

    def snapshots(self, partition: int | None = None) -> Sequence[Stored]:
        assert self.let.wait(20)
        return self._inner.snapshots(partition)

    def open(self, name: Name) -> Any:
        return self._inner.open(name)


def test_a_store_that_takes_long_holds_nobody(folder: Path, rows: list[Row]) -> None:
    """The worker is told to ask again, and another position asked for meanwhile begins another look."""
    snapshots_at(folder, rows, 400, 800)
    worker = Worker(folder, rows)
    slow = Slow(worker.store)
    worker.state._album = Album(slow, ORIGIN, Schedule(1e9, 10**9), worker.writer, beside=True)
    assert worker.state.restore(P, Point(900)) is None
    assert worker.state.restore(P, Point(900)) is None
    assert worker.state.restore(P, Point(500)) is None
    worker.clock.at = SLOWEST_S + 1
    assert worker.restore(500) == from_log(folder, rows, 500)
    worker.state.leave(P)
    assert worker.state.restore(P, Point(300)) is None
    slow.let.set()
    assert looked_for(worker, 300) == Point(Worker(folder, rows).restore(300))


def test_what_broke_a_look_is_raised_where_it_was_asked_for(folder: Path, rows: list[Row]) -> None:
    """A thread that ended for a reason nobody thought of is no endless look."""
    worker = Worker(folder, rows)
    worker.state._album = Album(worker.store, ORIGIN, Schedule(1e9, 10**9), worker.writer, beside=True)
    worker.store.snapshots = broken  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        looked_for(worker, 900)


def looked_for(worker: Worker, committed: int) -> Point | None:
    """As the loop does: asked again and again."""
    deadline = time.monotonic() + 20
    while (found := worker.state.restore(P, Point(committed))) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def broken(partition: int | None = None) -> NoReturn:
    raise ZeroDivisionError


def test_a_store_that_is_away_stops_nobody(folder: Path, rows: list[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is folded; snapshots that fail are counted and tried again, and the store has them once it is back."""
    monkeypatch.setattr("consumer.snapshots.restore.BETWEEN_S", 0.0)
    whole = Worker(folder / "none", rows).read(0, 2_000)[[row["offset"] >= 1_000 for row in rows[:1_000]]]
    snapshots_at(folder, rows, 800)
    worker = Worker(folder, rows, every_s=10)
    worker.store._connect = unreachable
    unreadable, failed = counted(SNAPSHOTS_IGNORED, "unreadable"), counted(SNAPSHOTS, "failed")
    found, reasons, begun = restored(worker, 1_000, 1_500)
    assert (reasons, begun) == ([], from_log(folder, rows, 1_000))
    assert counted(SNAPSHOTS_IGNORED, "unreadable") == unreadable + 1
    worker.clock.at = 20.0
    worker.state.write_due({})
    await_idle(worker)
    assert counted(SNAPSHOTS, "failed") == failed + 1
    assert counted(DEGRADED, SNAPSHOTS_FAILING) == 1
    worker.store._connect = lambda address: connected(address, "state.url")
    same(np.concatenate([found, worker.answer(1_500, 2_000)]), whole)
    worker.clock.at = 40.0
    worker.state.write_due({})
    await_idle(worker)
    assert counted(DEGRADED, SNAPSHOTS_FAILING) == 0
    assert [each.name.offset for each in worker.store.snapshots()] == [1_999, 799]
    worker.state.close({})


def counted(metric: Any, label: str) -> float:
    return float(metric.labels(label)._value.get())


def await_idle(worker: Worker) -> None:
    until = time.monotonic() + 20
    while not worker.writer.idle:
        assert time.monotonic() < until
        time.sleep(0.01)


def unreachable(_: str) -> NoReturn:
    raise OSError("nobody answers")
