"""What is remembered of cards across restarts, rebalances and lost snapshots: always what the log says."""

from pathlib import Path
from typing import NoReturn

import numpy as np
import pyarrow as pa
import pytest
from support.card_oracle import DAY, Row, lots
from support.retained import Log
from support.snapshots import NOW_MS, ORIGIN, TERMS, log

from consumer.retained import Retained
from consumer.snapshots.album import Album
from consumer.snapshots.retention import Keep
from consumer.snapshots.schedule import Schedule
from consumer.snapshots.store import Store
from consumer.snapshots.writer import Writer
from consumer.state import ASIDE_S, State
from models.bank import Bank
from schemas.errors import DependencyAway, Misconfigured
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

    def __init__(self, folder: Path, rows: list[Row], *, every_s: float = 1e9) -> None:
        self.store, self.clock = Store(str(folder), ORIGIN.group, ORIGIN.topic), Clock()
        self.memory = Bank(terms=TERMS).memory()
        times = {int(row["offset"]): int(row["timestamp"]) for row in rows}
        retained = Retained(Log({P: times}, highs={P: max(times, default=-2) + 2}), ORIGIN.topic, lambda: NOW_MS)
        schedule = Schedule(every_s, 10**9)
        self.state = State(
            self.memory, retained, Album(self.store, ORIGIN, schedule, Writer(self.store, Keep())), self.clock
        )
        self.rows = rows

    def read(self, committed: int, until: int) -> np.ndarray:  # type: ignore[type-arg]
        """Restores and reads on to there; the features of what is to be answered."""
        begin = self.state.restore(P, committed)
        past = [row for row in self.rows if begin <= row["offset"] < committed]
        for lot in lots(past, 100):
            self.state.remember(raw(lot), lot)
        return self.answer(committed, until)

    def answer(self, begin: int, until: int) -> np.ndarray:  # type: ignore[type-arg]
        mine = [row for row in self.rows if begin <= row["offset"] < until]
        sights = [self.state.see(raw(lot), lot) for lot in lots(mine, 70)]
        return np.concatenate([np.column_stack([each.features, each.marks]) for each in sights])


def raw(lot: pa.RecordBatch) -> Raw:
    columns = (numbers(lot[name]).copy() for name in ("partition", "offset", "timestamp"))
    nothing: list[bytes | None] = [None] * lot.num_rows
    return Raw(*columns, nothing, nothing)


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
    assert worker.state.restore(P, 900) == 499
    worker.state.leave(P)
    same(worker.read(900, 2_000), whole[[row["offset"] >= 900 for row in rows[:1_000]]])


def test_what_is_ahead_of_the_committed_offset_is_thrown_away(folder: Path, rows: list[Row]) -> None:
    """The lot that was folded last was never committed; whoever has the partition answers it."""
    whole = Worker(folder / "none", rows).read(0, 2_000)
    worker = Worker(folder, rows)
    worker.read(0, 1_000)
    worker.state.leave(P)
    same(worker.read(700, 2_000), whole[[row["offset"] >= 700 for row in rows[:1_000]]])


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
    assert worker.state.restore(P, 90) == 90 - reach
    assert worker.state.folds[P].cold_since_ms == times[90] - TERMS.kept_ms
    lately = Worker(folder, rows[60:])
    assert lately.state.restore(P, 90) == 60
    marks = lately.read(90, 100)[:, -1].astype(np.uint32)
    assert (marks & Mark.COLD_STATE != 0).tolist() == [n - 30 < 60 for n in range(90, 100)]


def test_refused_records_are_passed(folder: Path, rows: list[Row]) -> None:
    """They have offsets, and change nothing that is remembered."""
    worker = Worker(folder, rows)
    worker.state.restore(P, 0)
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


def unreachable(_: str) -> NoReturn:
    raise OSError("nobody answers")
