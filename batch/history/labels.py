"""Tables of verdicts as label columns: each with when it was known, corrected ones as often as they were corrected.

A table that says no more than which event it was, is joined with the transactions; verdicts on others are counted.
"""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from batch.history.assignment import AMOUNT, AMOUNT_MINOR, IS_FRAUD, LABEL_TIME, TIMESTAMP, Assignment
from batch.history.contract import lot
from batch.history.files import File
from batch.history.pieces import Piece
from batch.history.rejects import Reject
from batch.history.sheet import Reading, Sheet
from batch.history.tables import pieces
from models.hashing import Hashes, hash_strings
from models.labels import LabelColumns
from models.labels.rows import label_columns
from models.money import Money
from schemas.cells.cells import there
from schemas.contracts import LABEL
from schemas.errors import Usage
from schemas.lot import Checks
from schemas.verdicts import Reason

Integers = NDArray[np.int64]

OF_THE_EVENT: Final = ("card_id", "terminal_id", "event_time")
UNNAMED: Final = "table"
"""Who says so, where the table does not."""


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """What labels must know of transactions, sorted by event; of one that came twice the first counts."""

    event: Hashes
    card: Hashes
    terminal: Hashes
    amount: Integers
    time: Integers

    @classmethod
    def of(cls, event: Hashes, card: Hashes, terminal: Hashes, amount: Integers, time: Integers) -> "Events":
        unique, first = np.unique(event, return_index=True)
        return cls(unique, card[first], terminal[first], amount[first], time[first])

    def find(self, events: Hashes) -> Integers:
        """Where each stands, -1 for one that is not there."""
        at = np.minimum(np.searchsorted(self.event, events), max(len(self.event) - 1, 0))
        found = self.event[at] == events if len(self.event) else np.zeros(len(events), np.bool_)
        return np.where(found, at, -1)


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """Some labels of a table."""

    labels: LabelColumns
    rejects: Sequence[Reject]
    read: int
    strangers: int
    """Labels of events that are not among the transactions."""


@dataclass(frozen=True, slots=True)
class Labels:
    """May be read as often as one likes. `events` is asked where the table has no columns of the transaction."""

    files: Sequence[File]
    told: Assignment
    reading: Reading
    delay_ms: int | None
    checks: Checks
    money: Money
    events: Callable[[], Events]

    def __iter__(self) -> Iterator[Verdicts]:
        before, last, file = 0, 0, None
        for piece in pieces(self.files, self._columns):
            if piece.file is not file:
                before, last, file = before + last, 0, piece.file
            last = max(last, piece.last)
            yield self._read(piece, piece.numbers + before - 1)

    def _read(self, piece: Piece, offset: Integers) -> Verdicts:
        sheet = Sheet(piece, self.told, self.reading)
        event_id = sheet.ids("event_id")
        fraud = sheet.frauds(IS_FRAUD)
        sheet.refuse(~there(fraud), Reason.MISSING_FIELD, f"{IS_FRAUD} is empty")
        if _whole(piece.columns.keys() | self.told.fills.keys()):
            return self._of_contract(sheet, event_id, fraud, offset)
        return self._joined(sheet, event_id, fraud, offset)

    def _of_contract(self, sheet: Sheet, event_id: pa.Array, fraud: pa.Array, offset: Integers) -> Verdicts:
        currency = sheet.currency()
        values = {
            "event_id": event_id,
            "card_id": sheet.ids("card_id"),
            "terminal_id": sheet.ids("terminal_id"),
            "amount_minor": sheet.amounts(currency),
            "currency": currency,
            "event_time": sheet.times("event_time"),
            "is_fraud": fraud,
            "source": sheet.ids_or("source", pa.repeat(UNNAMED, sheet.size)),
        }
        known = self._known(sheet, values["event_time"])
        found = lot(LABEL, sheet, values, timestamp=_numbers(known), offset=offset, checks=self.checks)
        columns = label_columns(found.rows, self.money)
        return Verdicts(columns, sheet.rejects(), sheet.read_in_all, 0)

    def _joined(self, sheet: Sheet, event_id: pa.Array, fraud: pa.Array, offset: Integers) -> Verdicts:
        events, hashes = self.events(), hash_strings(event_id)
        at = events.find(hashes)
        strange = (at < 0) & there(event_id)
        times = events.time[at] if len(events.time) else np.zeros(sheet.size, np.int64)
        known = self._known(sheet, pa.array(times), strange)
        rows = sheet.good[~strange[sheet.good]]
        at = at[rows]
        columns = LabelColumns(
            event=hashes[rows],
            card=events.card[at],
            terminal=events.terminal[at],
            amount=events.amount[at],
            event_time=events.time[at],
            is_fraud=np.asarray(fraud.fill_null(False).to_numpy(zero_copy_only=False), np.bool_)[rows],
            known_at=_numbers(known)[rows],
            partition=np.zeros(len(rows), np.int64),
            offset=offset[rows],
            own=np.ones(len(rows), np.bool_),
        )
        return Verdicts(columns, sheet.rejects(), sheet.read_in_all, int(strange.sum()))

    def _known(self, sheet: Sheet, event_time: pa.Array, excused: NDArray[np.bool_] | None = None) -> pa.Array:
        """When each verdict was known: what the table says, else so long after the transaction."""
        told = next((name for name in (LABEL_TIME, TIMESTAMP) if sheet.has(name)), None)
        known = sheet.times_or_none(told) if told else pa.nulls(sheet.size, pa.int64())
        if self.delay_ms is not None:
            known = pc.coalesce(known, pc.add(event_time, self.delay_ms))
        missing = ~there(known) & there(event_time)
        if excused is not None:
            missing &= ~excused
        sheet.refuse(missing, Reason.MISSING_FIELD, f"{told} is empty, and no --label-delay stands in for it")
        return known

    def _columns(self, file: File, names: Sequence[str]) -> dict[str, str]:
        found = self.told.of(file, names)
        if not {LABEL_TIME, TIMESTAMP} & (found.keys() | self.told.fills.keys()) and self.delay_ms is None:
            raise Usage(
                f"{file}: nothing says when its verdicts became known",
                fix="--label-map label_time=COLUMN, or --label-delay 7d if each was known so long after its "
                f"transaction; its columns are {', '.join(names)}",
            )
        return found


def _whole(has: AbstractSet[str]) -> bool:
    """Whether the table knows enough of the transactions by itself."""
    return set(OF_THE_EVENT) <= has and bool({AMOUNT, AMOUNT_MINOR} & has)


def _numbers(values: pa.Array) -> Integers:
    return np.asarray(values.fill_null(0).to_numpy(zero_copy_only=False), np.int64)
