"""Ids as texts: of a number the canonical decimal, so that the same id is the same text whatever it was stored as."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.cells.cells import EXACT, Cells, Column, Wrong, is_number, mask, matches, there, without
from schemas.verdicts import Reason

NO_ID: Final = "is a number with a fraction, or too large to be exact, so it is no id"
NUMERIC: Final = r"^(-?[0-9]+)\.0+$"
FRACTION: Final = r"^-?[0-9]+\.[0-9]+$"


def read(column: Column) -> Cells:
    if pa.types.is_string(column.type):
        return _numbers_as_text(column.values) if column.untyped else Cells(column.values)
    if pa.types.is_integer(column.type):
        return Cells(column.values.cast(pa.string()))
    if pa.types.is_null(column.type):
        return Cells(column.values.cast(pa.string()))
    if not is_number(column.type):
        raise column.unfit("id")
    return _from_numbers(column.values)


def _from_numbers(column: pa.Array) -> Cells:
    """NaN is what tables of numbers have where there is nothing."""
    values = column.cast(pa.float64(), safe=False).fill_null(np.nan).to_numpy(zero_copy_only=False)
    known = ~np.isnan(values)
    bad = known & ~((np.abs(values) <= EXACT) & (values == np.floor(values)))
    numbers = pa.array(np.where(known & ~bad, values, 0.0).astype(np.int64), mask=bad | ~known)
    return Cells(numbers.cast(pa.string()), (Wrong(bad, Reason.WRONG_TYPE, NO_ID),) if bad.any() else ())


def _numbers_as_text(values: pa.Array) -> Cells:
    """12.0 is what a column of numbers with gaps becomes in CSV, and means 12."""
    if not mask(pc.match_substring(values, ".")).any():
        return Cells(values)
    values = pc.replace_substring_regex(values, NUMERIC, r"\1")
    bad = there(values) & matches(values, FRACTION)
    return Cells(without(values, bad), (Wrong(bad, Reason.WRONG_TYPE, NO_ID),) if bad.any() else ())
