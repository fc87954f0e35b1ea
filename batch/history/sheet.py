"""One piece of a table, read field by field. Of a row with several faults the first one found counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batch.history import amounts, frauds, times
from batch.history.assignment import AMOUNT, AMOUNT_MINOR, Assignment
from batch.history.pieces import Piece
from batch.history.rejects import Reject
from batch.history.times import Clock
from batch.history.units import Unit
from schemas.cells import ids
from schemas.cells.cells import Cells, Column, Mask, Wrong, column, there
from schemas.cells.numbers import whole
from schemas.errors import Usage
from schemas.lot import Refusal
from schemas.verdicts import Reason

NO_FAULT: Final = -1
NO_CURRENCY: Final = "XXX"
"""The code of ISO 4217 for that."""
NOBODY: Final = np.zeros(0, np.bool_)

Read = Callable[[Column], Cells]


@dataclass(frozen=True, slots=True)
class Reading:
    """How cells are to be understood where they do not say it themselves."""

    clock: Clock = field(default_factory=Clock)
    currency: str = NO_CURRENCY
    """Of a table that has none."""
    fraud_value: str | None = None


class Sheet:
    def __init__(self, piece: Piece, told: Assignment, reading: Reading) -> None:
        self.size = int(piece.cells.num_rows)
        self._piece, self._told, self._reading = piece, told, reading
        self._found = np.full(self.size, NO_FAULT)
        self._faults: list[Wrong] = []

    @property
    def read_in_all(self) -> int:
        """Rows of the file, with those that never became cells."""
        return self.size + len(self._piece.bad)

    def has(self, name: str) -> bool:
        return name in self._piece.columns or name in self._told.fills

    def read(self, name: str, how: Read) -> pa.Array:
        """Null where there is nothing; what is wrong is refused."""
        source = self._piece.columns.get(name)
        if source is None:
            return pa.repeat(self._fill(name, how), self.size)
        cells = how(column(source, self._piece.cells[source], untyped=self._piece.untyped))
        for wrong in cells.wrong:
            self.refuse(wrong.rows, wrong.reason, f"column {source} ({name}) {wrong.detail}")
        return cells.values.fill_null(self._fill(name, how)) if name in self._told.fills else cells.values

    def needed(self, name: str, how: Read) -> pa.Array:
        """As `read`, and a row without it is refused."""
        values = self.read(name, how)
        if values.null_count:
            said = f"column {self._piece.columns.get(name, name)} ({name}) is empty"
            self.refuse(~there(values), Reason.MISSING_FIELD, said)
        return values

    def ids(self, name: str) -> pa.Array:
        return self.needed(name, ids.read)

    def ids_or(self, name: str, instead: pa.Array) -> pa.Array:
        """What stands in for a column that is not there; empty cells of one that is are refused."""
        return self.ids(name) if self.has(name) else instead

    def times(self, name: str) -> pa.Array:
        return self.needed(name, partial(times.read, clock=self._clock(name)))

    def times_or_none(self, name: str) -> pa.Array:
        return self.read(name, partial(times.read, clock=self._clock(name)))

    def amounts(self, currency: pa.Array) -> pa.Array:
        if AMOUNT in self._piece.columns or AMOUNT in self._told.fills:
            return self.needed(AMOUNT, partial(self._major, currency=currency))
        return self.needed(AMOUNT_MINOR, whole)

    def currency(self) -> pa.Array:
        return self.ids_or("currency", pa.repeat(self._reading.currency, self.size))

    def frauds(self, name: str) -> pa.Array:
        return self.read(name, partial(frauds.read, fraud_value=self._reading.fraud_value))

    def refuse(self, rows: Mask, reason: Reason, detail: str) -> None:
        self._found[rows & (self._found == NO_FAULT)] = len(self._faults)
        self._faults.append(Wrong(rows, reason, detail))

    @property
    def good(self) -> NDArray[np.int64]:
        return np.flatnonzero(self._found == NO_FAULT)

    def rejects(self) -> list[Reject]:
        """With the rows that never became cells, in the order of the file."""
        bad = {each.number: (each.reason, each.detail) for each in self._piece.bad}
        for row in np.flatnonzero(self._found != NO_FAULT):
            fault = self._faults[self._found[row]]
            bad[int(self._piece.numbers[row])] = (fault.reason, fault.detail)
        return [Reject(self.place(number), *bad[number]) for number in sorted(bad)]

    def place(self, number: int) -> str:
        return f"{self._piece.file} row {number}"

    def refuse_each(self, refusals: Sequence[Refusal]) -> None:
        """What the checks of lots refused; the column is named where it is not called like its field."""
        for each in refusals:
            name = each.detail.partition(" ")[0]
            source = self._piece.columns.get(AMOUNT if name == AMOUNT_MINOR and self.has(AMOUNT) else name, name)
            self._found[each.row] = len(self._faults)
            detail = each.detail if source == name else f"column {source}: {each.detail}"
            self._faults.append(Wrong(NOBODY, each.reason, detail))

    def _clock(self, name: str) -> Clock:
        """Whole numbers in a column that goes by the field's own name are milliseconds, as the contract has them."""
        clock = self._reading.clock
        if clock.unit is None and self._piece.columns.get(name) == name and not self._told.told(name):
            return Clock(clock.zone, Unit.MS)
        return clock

    def _fill(self, name: str, how: Read) -> pa.Scalar:
        text = self._told.fills[name]
        cells = how(column(name, pa.array([text]), untyped=True))
        if cells.values[0].as_py() is None:
            why = cells.wrong[0].detail if cells.wrong else "is no value"
            raise Usage(f"--fill {name}={text}: the value {why}", fix="give a value as it would stand in the table")
        return cells.values[0]

    def _major(self, of: Column, currency: pa.Array) -> Cells:
        scale = amounts.scales(currency)
        return amounts.read(of, scale if len(scale) == len(of.values) else scale[: len(of.values)])
