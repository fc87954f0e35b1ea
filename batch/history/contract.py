"""Rows read from a table as a lot: the contract's types, and the same checks as in the stream."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from batch.history.sheet import Sheet
from schemas.contracts import Contract
from schemas.lot import Checks, Lot
from schemas.lot.assemble import Coordinates, assembled
from schemas.lot.part import Part
from schemas.lot.table import SYMBOL, AvroType, columns, symbols, with_coordinates

Integers = NDArray[np.int64]

FARTHEST: Final = 2**31 - 1
"""Where numbers stand that are too large for their column: the range check refuses them."""


def lot(
    contract: Contract,
    sheet: Sheet,
    values: Mapping[str, pa.Array],
    *,
    timestamp: Integers,
    offset: Integers,
    checks: Checks,
) -> Lot:
    """Of the rows that are good so far; the others, and those that the checks refuse, are the sheet's rejects."""
    schema = columns(contract.schema)
    good = sheet.good
    if good.size < sheet.size:
        values = {name: column.take(pa.array(good)) for name, column in values.items()}
    rows = [_typed(values[field.name], field, contract) for field in schema]
    partition = np.zeros(sheet.size, np.int32)
    part = Part(rows, good, [])
    found = assembled(part, Coordinates(partition, offset, timestamp, None), with_coordinates(schema), checks)
    sheet.refuse_each(found.refusals)
    return found


def _typed(values: pa.Array, field: pa.Field, contract: Contract) -> pa.Array:
    if field.type == SYMBOL:
        return _coded(values, next(each["type"] for each in contract.schema["fields"] if each["name"] == field.name))
    if field.type == pa.int32():
        values = pc.max_element_wise(-1, pc.min_element_wise(FARTHEST, values, skip_nulls=False), skip_nulls=False)
    return values if values.type == field.type else values.cast(field.type)


def _coded(values: pa.Array, enum: AvroType) -> pa.Array:
    """A symbol the contract does not know reads as its default, the first."""
    known = pa.array(symbols(enum), pa.string())
    codes = pc.index_in(values, value_set=known).fill_null(0).cast(pa.int8())
    return pa.DictionaryArray.from_arrays(pc.if_else(values.is_valid(), codes, pa.scalar(None, pa.int8())), known)
