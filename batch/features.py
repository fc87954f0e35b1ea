"""The training table as a file: what was known of each transaction as of its own time, and the verdict since.

    event_id, card_id          of the transaction
    event_time                 as of which it was scored
    amount                     in minor units of the reference currency
    every feature              by name, in the declared order; NaN where it is not known
    is_fraud                   the last verdict there is; null where there is none
    effective_at               from when that verdict counts
    marks                      bits; the file's metadata has their names

The same history and settings make the same bytes.
"""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from batch.history.history import History
from batch.whole import whole
from models.bank import Bank
from models.feature_list import FEATURE_VERSION, FEATURES
from models.hashing import Hashes
from models.history import FRAUD, UNKNOWN, Builder, Table, Verdicts, pieces
from models.labels import LabelColumns
from schemas.lot.table import TIMESTAMP
from schemas.verdicts import Mark

GROUP_ROWS: Final = 100_000

BEFORE: Final = ("event_id", "event_time", "card_id", "amount")
AFTER: Final = ("is_fraud", "effective_at", "marks")

Say = Callable[[str, int], None]
"""What is being done, and how many rows of it are done."""


@dataclass(frozen=True, slots=True)
class Written:
    path: Path
    rows: int
    verdicts: int
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """The last verdict on each event and from when it counts, by event."""

    events: Hashes
    verdict: NDArray[np.int8]
    effective: NDArray[np.int64]

    @classmethod
    def of(cls, labels: LabelColumns, bank: Bank) -> "Said":
        events = np.unique(labels.event)
        verdicts = Verdicts.of(events, labels, bank.labels)
        effective = np.zeros(len(events), np.int64)
        effective[verdicts.row] = verdicts.step * verdicts.step_ms  # of equal rows the last one is kept
        return cls(events, verdicts.final(), effective)

    def about(self, events: Hashes) -> tuple[pa.Array, pa.Array]:
        if not len(self.events):
            return pa.nulls(len(events), pa.bool_()), pa.nulls(len(events), TIMESTAMP)
        at = np.minimum(np.searchsorted(self.events, events), len(self.events) - 1)
        nothing = (self.events[at] != events) | (self.verdict[at] == UNKNOWN)
        effective = pa.array(self.effective[at], mask=nothing).cast(TIMESTAMP)
        return pa.array(self.verdict[at] == FRAUD, mask=nothing), effective


def write(history: History, bank: Bank, path: Path, say: Say) -> Written:
    """Labels are learned first, all of them; then the transactions go through the folds, some at a time."""
    builder = bank.builder()
    said = Said.of(_learned(history, builder, say), bank)
    rows = verdicts = 0
    with whole(path) as stream:
        file = _Groups(stream, schema(bank))
        try:
            for lot in chain.from_iterable(map(pieces, history.transactions())):
                columns = _columns(lot, builder.fold(lot), said)
                file.add(columns)
                rows += columns.num_rows
                verdicts += columns.num_rows - columns["is_fraud"].null_count
                say("transactions", rows)
            file.close()
        except BaseException:
            file.give_up()
            raise
    with path.open("rb") as written:
        return Written(path, rows, verdicts, hashlib.file_digest(written, "sha256").hexdigest())


def schema(bank: Bank) -> pa.Schema:
    marks = {mark.symbol: int(mark) for mark in Mark}
    facts = {
        "fraudstream.feature_version": str(FEATURE_VERSION),
        "fraudstream.settings_digest": bank.digest,
        "fraudstream.marks": json.dumps(marks, sort_keys=True),
    }
    return pa.schema(
        [
            pa.field("event_id", pa.string(), nullable=False),
            pa.field("event_time", TIMESTAMP, nullable=False),
            pa.field("card_id", pa.string(), nullable=False),
            pa.field("amount", pa.int64(), nullable=False),
            *(pa.field(feature.name, pa.float64(), nullable=False) for feature in FEATURES),
            pa.field("is_fraud", pa.bool_()),
            pa.field("effective_at", TIMESTAMP),
            pa.field("marks", pa.uint32(), nullable=False),
        ],
        metadata=facts,
    )


def _learned(history: History, builder: Builder, say: Say) -> LabelColumns:
    kept: list[LabelColumns] = []
    count = 0
    for labels in history.labels():
        builder.learn(labels)
        kept.append(labels)
        count += len(labels)
        say("labels", count)
    return LabelColumns.joined(kept)


def _columns(lot: pa.RecordBatch, table: Table, said: Said) -> pa.RecordBatch:
    verdict, effective = said.about(table.event)
    return pa.RecordBatch.from_arrays(
        [
            table.event_id,
            pa.array(table.time).cast(TIMESTAMP),
            lot["card_id"],
            pa.array(table.amount),
            *(pa.array(column) for column in np.ascontiguousarray(table.features.T)),
            verdict,
            effective,
            pa.array(table.marks),
        ],
        names=[*BEFORE, *(each.name for each in FEATURES), *AFTER],
    )


class _Groups:
    """Row groups of one size, however the rows come."""

    def __init__(self, stream: IO[bytes], columns: pa.Schema) -> None:
        self._schema = columns
        self._file = pq.ParquetWriter(stream, columns, compression="zstd")
        self._held: list[pa.RecordBatch] = []
        self._rows = 0

    def add(self, rows: pa.RecordBatch) -> None:
        while self._rows + rows.num_rows >= GROUP_ROWS:
            ends = GROUP_ROWS - self._rows
            self._held.append(rows.slice(0, ends))
            self._write()
            rows = rows.slice(ends)
        if rows.num_rows:
            self._held.append(rows)
            self._rows += rows.num_rows

    def close(self) -> None:
        if self._held:
            self._write()
        self._file.close()

    def give_up(self) -> None:
        """Nothing more is said of a file that will not be."""
        with suppress(OSError, ValueError, pa.ArrowException):
            self._file.close()

    def _write(self) -> None:
        table = pa.Table.from_batches(self._held).cast(self._schema)
        self._file.write_table(table, row_group_size=GROUP_ROWS)
        self._held, self._rows = [], 0
