"""Tables of transactions as lots, with what their own columns say of fraud."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from batch.history.assignment import IS_FRAUD, LABEL_TIME, SCENARIO, TIMESTAMP, Assignment
from batch.history.contract import lot
from batch.history.files import File
from batch.history.pieces import Piece
from batch.history.rejects import Reject
from batch.history.sheet import Read, Reading, Sheet
from batch.history.tables import pieces
from models.labels.rows import NO_TERMINAL
from schemas.cells import ids
from schemas.cells.cells import texts, there
from schemas.cells.numbers import real, whole
from schemas.contracts import TRANSACTION
from schemas.errors import Usage
from schemas.lot import Checks
from schemas.verdicts import Reason

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Labelling:
    """Whether the table has verdicts, and how long after its transaction one was known that does not say when."""

    wanted: bool = False
    delay_ms: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Accepted:
    """Some rows of a table in its order. Labels are null where there is none."""

    rows: pa.RecordBatch
    fraud: pa.Array
    known: pa.Array
    scenario: pa.Array
    rejects: Sequence[Reject] = ()
    read: int = 0

    def take(self, rows: Integers) -> "Accepted":
        at = pa.array(rows)
        return Accepted(self.rows.take(at), self.fraud.take(at), self.known.take(at), self.scenario.take(at))

    @property
    def nbytes(self) -> int:
        return int(self.rows.nbytes + self.fraud.nbytes + self.known.nbytes + self.scenario.nbytes)


def joined(parts: Sequence[Accepted]) -> Accepted:
    return Accepted(
        pa.concat_batches([each.rows for each in parts]),
        pa.concat_arrays([each.fraud for each in parts]),
        pa.concat_arrays([each.known for each in parts]),
        pa.concat_arrays([each.scenario for each in parts]),
    )


@dataclass(frozen=True, slots=True)
class Transactions:
    """May be read as often as one likes; every time it is the same. Offsets are row numbers, counted through files."""

    files: Sequence[File]
    told: Assignment
    reading: Reading
    labelling: Labelling
    checks: Checks

    def __iter__(self) -> Iterator[Accepted]:
        before, last, file = 0, 0, None
        for piece in pieces(self.files, self._columns):
            if piece.file is not file:
                before, last, file = before + last, 0, piece.file
            last = max(last, piece.last)
            yield self._accepted(piece, before)

    @property
    def with_scenarios(self) -> bool:
        return self.told.told(SCENARIO)

    def _accepted(self, piece: Piece, before: int) -> Accepted:
        sheet = Sheet(piece, self.told, self.reading)
        numbers = piece.numbers + before
        values = _values(sheet, numbers)
        arrival = sheet.times(TIMESTAMP) if sheet.has(TIMESTAMP) else values["event_time"]
        fraud, known = self._labels(sheet, values["event_time"])
        scenario = sheet.read(SCENARIO, ids.read) if sheet.has(SCENARIO) else pa.nulls(sheet.size, pa.string())
        stamps = arrival.fill_null(0).to_numpy(zero_copy_only=False)
        found = lot(TRANSACTION, sheet, values, timestamp=stamps, offset=numbers - 1, checks=self.checks)
        at = pa.array(found.index)
        return Accepted(
            found.rows, fraud.take(at), known.take(at), scenario.take(at), sheet.rejects(), sheet.read_in_all
        )

    def _labels(self, sheet: Sheet, event_time: pa.Array) -> tuple[pa.Array, pa.Array]:
        if not self.labelling.wanted:
            return pa.nulls(sheet.size, pa.bool_()), pa.nulls(sheet.size, pa.int64())
        fraud = sheet.frauds(IS_FRAUD)
        known = sheet.times_or_none(LABEL_TIME) if sheet.has(LABEL_TIME) else pa.nulls(sheet.size, pa.int64())
        if self.labelling.delay_ms is not None:
            known = pc.coalesce(known, pc.add(event_time, self.labelling.delay_ms))
        said = f"{LABEL_TIME} is empty beside a verdict, and no --label-delay stands in for it"
        sheet.refuse(there(fraud) & ~there(known) & there(event_time), Reason.MISSING_FIELD, said)
        return fraud, known

    def _columns(self, file: File, names: Sequence[str]) -> dict[str, str]:
        found = self.told.of(file, names)
        has = found.keys() | self.told.fills.keys()
        if not self.labelling.wanted:
            return {name: column for name, column in found.items() if name not in {IS_FRAUD, LABEL_TIME}}
        if IS_FRAUD not in has:
            raise Usage(
                f"{file}: nothing says which transactions were fraud",
                fix=f"--map is_fraud=COLUMN, or --labels FILE with the verdicts; its columns are {', '.join(names)}",
            )
        if LABEL_TIME not in has and self.labelling.delay_ms is None:
            raise Usage(
                f"{file}: nothing says when its verdicts became known",
                fix="--label-delay 7d if each was known so long after its transaction, or --map label_time=COLUMN",
            )
        return found


def _values(sheet: Sheet, numbers: Integers) -> dict[str, pa.Array]:
    """Every field of the contract, null where a row has none."""
    card = sheet.ids("card_id")
    currency = sheet.currency()
    return {
        "event_id": sheet.ids_or("event_id", pa.array(numbers).cast(pa.string())),
        "event_time": sheet.times("event_time"),
        "card_id": card,
        "customer_id": sheet.ids_or("customer_id", card),
        "terminal_id": sheet.ids_or("terminal_id", pa.repeat(NO_TERMINAL, sheet.size)),
        "amount_minor": sheet.amounts(currency),
        "currency": currency,
        "merchant_category": _optional(sheet, "merchant_category", whole, pa.int64()),
        "country": _optional(sheet, "country", texts, pa.string()),
        "channel": _optional(sheet, "channel", texts, pa.string()),
        "device_id": _optional(sheet, "device_id", ids.read, pa.string()),
        "latitude": _optional(sheet, "latitude", real, pa.float64()),
        "longitude": _optional(sheet, "longitude", real, pa.float64()),
        "memo": _optional(sheet, "memo", texts, pa.string()),
    }


def _optional(sheet: Sheet, name: str, how: Read, kind: pa.DataType) -> pa.Array:
    return sheet.read(name, how) if sheet.has(name) else pa.nulls(sheet.size, kind)
