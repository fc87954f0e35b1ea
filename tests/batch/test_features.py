"""The training table: what was known of each transaction, and the verdict since."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch import features
from batch.features import write
from batch.history.history import Account
from batch.history.truths import Truths
from models.bank import Bank
from models.feature_list import FEATURE_VERSION, FEATURES
from models.hashing import hash_strings
from models.labels import LabelColumns, LabelParams
from schemas.lot import SCHEMA
from schemas.verdicts import Mark

HOUR_MS = 3_600_000
START = 1_767_225_600_000
BANK = Bank(labels=LabelParams(HOUR_MS, 60_000, 0))


def lot(rows: int, first: int = 0) -> pa.RecordBatch:
    """One transaction an hour, of two cards at one terminal."""
    numbers = np.arange(first, first + rows)
    times = START + numbers * HOUR_MS
    texts = {
        "event_id": [f"e{number}" for number in numbers],
        "card_id": [f"c{number % 2}" for number in numbers],
        "customer_id": ["x"] * rows,
        "terminal_id": ["t"] * rows,
        "currency": ["EUR"] * rows,
    }
    columns = {
        "event_time": pa.array(times).cast(pa.timestamp("ms", "UTC")),
        "amount_minor": 1_000 + numbers,
        "partition": np.zeros(rows, np.int32),
        "offset": numbers,
        "timestamp": times,
        "marks": np.zeros(rows, np.uint32),
    }
    given = {**texts, **columns}
    return pa.RecordBatch.from_arrays(
        [
            given[each.name]
            if each.name == "event_time"
            else pa.array(given[each.name], each.type)
            if each.name in given
            else pa.nulls(rows, each.type)
            for each in SCHEMA
        ],
        schema=SCHEMA,
    )


def labels(said: list[tuple[int, bool, int]]) -> LabelColumns:
    """Number of the event, verdict, hours after the start at which it was known."""
    events = hash_strings(pa.array([f"e{number}" for number, _, _ in said], pa.string()))
    size = len(said)
    return LabelColumns(
        event=events,
        card=hash_strings(pa.array([f"c{number % 2}" for number, _, _ in said], pa.string())),
        terminal=hash_strings(pa.array(["t"] * size, pa.string())),
        amount=np.array([1_000 + number for number, _, _ in said], np.int64),
        event_time=np.array([START + number * HOUR_MS for number, _, _ in said], np.int64),
        is_fraud=np.array([fraud for _, fraud, _ in said], np.bool_),
        known_at=np.array([START + hours * HOUR_MS for _, _, hours in said], np.int64),
        partition=np.zeros(size, np.int64),
        offset=np.arange(size),
        own=np.ones(size, np.bool_),
    )


@dataclass
class Past:
    lots: list[pa.RecordBatch]
    said: list[tuple[int, bool, int]] = field(default_factory=list)
    account: Account = field(default_factory=lambda: Account("here"))
    share: float | None = None

    def transactions(self) -> Iterator[pa.RecordBatch]:
        return iter(self.lots)

    def labels(self) -> Iterator[LabelColumns]:
        return iter([labels(self.said)] if self.said else [])

    def truths(self) -> Truths | None:
        return None


def quiet(_: str, __: int) -> None:
    pass


def test_one_row_for_each_transaction(tmp_path: Path) -> None:
    """Every feature by name in its order; the last verdict there is, and from when it counts."""
    said = [(0, False, 1), (1, True, 30), (0, True, 40)]
    written = write(Past([lot(4), lot(2, 4)], said), BANK, tmp_path / "f.parquet", quiet)
    table = pq.read_table(written.path)
    assert table.schema.names == [
        *("event_id", "event_time", "card_id", "amount"),
        *(feature.name for feature in FEATURES),
        *("is_fraud", "effective_at", "marks"),
    ]
    assert table["event_id"].to_pylist() == [f"e{number}" for number in range(6)]
    assert table["is_fraud"].to_pylist() == [True, True, None, None, None, None]
    effective = table["effective_at"].cast(pa.int64()).to_pylist()
    assert effective == [START + 41 * HOUR_MS, START + 31 * HOUR_MS, None, None, None, None]
    assert (written.rows, written.verdicts) == (6, 2)
    assert table["amount"].to_pylist() == [1_000 + number for number in range(6)]
    assert table["count_1d"].to_pylist() == [1, 1, 2, 2, 3, 3]


def test_features_are_as_of_their_own_time(tmp_path: Path) -> None:
    """What became known later is not seen."""
    path = tmp_path / "f.parquet"
    write(Past([lot(80)], [(1, True, 30)]), BANK, path, quiet)
    frauds = np.nan_to_num(pq.read_table(path)["terminal_fraud_share_7d"].to_numpy())
    assert not frauds[:31].any()
    assert frauds[31:].all()


def test_the_same_input_makes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However it comes in lots; row groups are of one size."""
    monkeypatch.setattr(features, "GROUP_ROWS", 100)
    said = [(number, number % 3 == 0, number + 5) for number in range(250)]
    pieces = [lot(90), lot(160, 90)]
    first = write(Past([lot(250)], said), BANK, tmp_path / "1.parquet", quiet)
    second = write(Past(pieces, said), BANK, tmp_path / "2.parquet", quiet)
    assert first.sha256 == second.sha256 == hashlib.sha256((tmp_path / "2.parquet").read_bytes()).hexdigest()
    metadata = pq.read_metadata(tmp_path / "1.parquet")
    assert [metadata.row_group(each).num_rows for each in range(metadata.num_row_groups)] == [100, 100, 50]


def test_what_the_file_says_of_itself(tmp_path: Path) -> None:
    """The version of the features, the names of the marks, and settings that would have made other ones."""
    path = tmp_path / "f.parquet"
    write(Past([lot(3)]), BANK, path, quiet)
    said = pq.read_schema(path).metadata
    assert said[b"fraudstream.feature_version"] == str(FEATURE_VERSION).encode()
    assert said[b"fraudstream.settings_digest"] == BANK.digest.encode() != Bank().digest.encode()
    assert f'"late": {int(Mark.LATE)}'.encode() in said[b"fraudstream.marks"]


def test_without_labels_nothing_is_known_of_them(tmp_path: Path) -> None:
    """The table is made all the same."""
    table = pq.read_table(write(Past([lot(3)]), BANK, tmp_path / "f.parquet", quiet).path)
    assert table["is_fraud"].null_count == 3
    assert np.isnan(table["terminal_fraud_share_7d"].to_numpy()).all()


def test_progress(tmp_path: Path) -> None:
    """What is being done, and how far it is."""
    heard: list[tuple[str, int]] = []
    write(Past([lot(3), lot(2, 3)], [(0, True, 1)]), BANK, tmp_path / "f.parquet", lambda *said: heard.append(said))
    assert heard == [("labels", 1), ("transactions", 3), ("transactions", 5)]


@pytest.mark.parametrize("break_", [KeyboardInterrupt, ValueError])
def test_what_fails_leaves_nothing(tmp_path: Path, break_: type[BaseException]) -> None:
    """Also not the table in the making."""

    def say(what: str, rows: int) -> None:
        if rows == 5:
            raise break_

    breaking: Callable[[str, int], None] = say
    with pytest.raises(break_):
        write(Past([lot(3), lot(2, 3)]), BANK, tmp_path / "f.parquet", breaking)
    assert list(tmp_path.iterdir()) == []
