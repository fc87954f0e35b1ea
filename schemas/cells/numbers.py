"""Numbers from columns of numbers or of text."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.cells.cells import EXACT, INTEGER, NUMBER, Cells, Column, Mask, Wrong, is_number, matches, there, without
from schemas.verdicts import Reason

HIGHEST: Final = 2**63 - 1


def real(column: Column) -> Cells:
    """Doubles; NaN, which tables have where nothing is, is nothing."""
    if pa.types.is_null(column.type):
        return Cells(column.values.cast(pa.float64()))
    if is_number(column.type):
        values = column.values.cast(pa.float64(), safe=False)
        return Cells(without(values, np.isnan(values.fill_null(0.0).to_numpy(zero_copy_only=False))))
    if not pa.types.is_string(column.type):
        raise column.unfit("number")
    bad = there(column.values) & ~matches(column.values, NUMBER)
    return Cells(without(column.values, bad).cast(pa.float64()), _not(bad, "a number"))


def whole(column: Column) -> Cells:
    """64-bit integers; 12.0 is one, 12.5 is wrong."""
    if pa.types.is_integer(column.type):
        if column.type == pa.uint64():
            column = Column(column.name, pc.min_element_wise(column.values, pa.scalar(HIGHEST, pa.uint64())))
        return Cells(column.values.cast(pa.int64()))
    if pa.types.is_string(column.type) and (~there(column.values) | matches(column.values, INTEGER)).all():
        return Cells(column.values.cast(pa.int64()))
    cells = real(column)
    values, known = cells.values.fill_null(0.0).to_numpy(zero_copy_only=False), there(cells.values)
    broken = known & ~((np.abs(values) <= EXACT) & (values == np.floor(values)))
    numbers = pa.array(np.where(broken, 0.0, values).astype(np.int64), mask=broken | ~known)
    return Cells(numbers, (*cells.wrong, *_not(broken, "a whole number")))


def _not(bad: Mask, what: str) -> tuple[Wrong, ...]:
    return (Wrong(bad, Reason.WRONG_TYPE, f"is not {what}"),) if bad.any() else ()
