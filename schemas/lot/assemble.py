"""The last step of every door: accepted rows are checked, given their coordinates, and become a lot."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.lot.buffers import column, texts
from schemas.lot.checks import NO_FAULT, Checks, Verdicts, check
from schemas.lot.filled import Filled
from schemas.lot.part import Part
from schemas.lot.table import COORDINATES, Lot, Refusal


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
    verdicts = checked(part, of, schema, checks)
    values: tuple[NDArray[Any], ...] = (of.partition, of.offset, of.timestamp, verdicts.marks)
    rows = _rows(part, values, schema)
    good = verdicts.found == NO_FAULT
    if not verdicts.faults or good.all():
        return Lot(rows, part.index, tuple(part.refusals))
    refusals = sorted([*part.refusals, *_refusals(part, verdicts)], key=lambda each: each.row)
    return Lot(rows.filter(pa.array(good)), part.index[good], tuple(refusals))


def checked(part: Part, of: Coordinates, schema: pa.Schema, checks: Checks) -> Verdicts:
    """Of its rows, of which only those are looked at that may not be in order."""
    rows, suspects = part.index.size, None
    if part.looked is not None and of.keys is not None:
        suspects = part.looked.suspects(texts(of.keys), of.partition, checks)
    if suspects is None or 2 * suspects.size > rows:
        return check(_batch(part, schema), checks, of.keys, of.partition)
    verdicts = Verdicts(np.zeros(rows, np.uint32), np.full(rows, NO_FAULT), [])
    if suspects.size:
        some = of.of(suspects)
        found = check(_batch(part, schema).take(pa.array(suspects)), checks, some.keys, some.partition)
        verdicts.marks[suspects], verdicts.found[suspects] = found.marks, found.found
        verdicts.faults.extend(found.faults)
    return verdicts


def _rows(part: Part, coordinates: tuple[NDArray[Any], ...], schema: pa.Schema) -> pa.RecordBatch:
    if isinstance(part.content, Filled):
        return part.content.lot(*coordinates)
    last = map(column, COORDINATES.types, coordinates)
    return pa.RecordBatch.from_arrays([*part.content, *last], schema=schema)


def _batch(part: Part, schema: pa.Schema) -> pa.RecordBatch:
    """Without coordinates."""
    columns = part.columns
    return pa.RecordBatch.from_arrays(columns, schema=pa.schema(list(schema)[: len(columns)]))


def _refusals(part: Part, verdicts: Verdicts) -> list[Refusal]:
    bad = np.flatnonzero(verdicts.found != NO_FAULT)
    faults = (verdicts.faults[place] for place in verdicts.found[bad])
    return [Refusal(int(row), fault.reason, fault.detail) for row, fault in zip(part.index[bad], faults, strict=True)]
