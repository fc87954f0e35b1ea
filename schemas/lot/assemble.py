"""The last step of every door: accepted rows are checked, given their coordinates, and become a lot."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.lot.checks import NO_FAULT, Checks, Verdicts, check
from schemas.lot.part import Part
from schemas.lot.table import Lot, Refusal


@dataclass(frozen=True, slots=True, eq=False)
class Coordinates:
    """One entry per value of the input; `keys` None where records have none by nature."""

    partition: NDArray[np.int32]
    offset: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    keys: pa.Array | None

    def of(self, rows: NDArray[np.int64]) -> "Coordinates":
        if rows.size == self.offset.size:
            return self
        keys = None if self.keys is None else self.keys.take(pa.array(rows))
        return Coordinates(self.partition[rows], self.offset[rows], self.timestamp[rows], keys)


def assembled(part: Part, whole: Coordinates, schema: pa.Schema, checks: Checks) -> Lot:
    of = whole.of(part.index)
    verdicts = check(part.rows, checks, of.keys, of.partition)
    coordinates = (pa.array(each) for each in (of.partition, of.offset, of.timestamp, verdicts.marks))
    rows = pa.RecordBatch.from_arrays([*part.rows.columns, *coordinates], schema=schema)
    good = verdicts.found == NO_FAULT
    if good.all():
        return Lot(rows, part.index, tuple(part.refusals))
    refusals = sorted([*part.refusals, *_refusals(part, verdicts)], key=lambda each: each.row)
    return Lot(rows.filter(pa.array(good)), part.index[good], tuple(refusals))


def _refusals(part: Part, verdicts: Verdicts) -> list[Refusal]:
    bad = np.flatnonzero(verdicts.found != NO_FAULT)
    faults = (verdicts.faults[place] for place in verdicts.found[bad])
    return [Refusal(int(row), fault.reason, fault.detail) for row, fault in zip(part.index[bad], faults, strict=True)]
