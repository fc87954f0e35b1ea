"""Whether it was fraud, in the words that tables have for it."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from schemas.cells import ids
from schemas.cells.cells import Cells, Column, Mask, Wrong, is_number, mask, there
from schemas.cells.numbers import real
from schemas.verdicts import Reason

FRAUD: Final = pa.array(["1", "1.0", "true", "t", "yes", "y"])
GENUINE: Final = pa.array(["0", "0.0", "false", "f", "no", "n"])
NO_VERDICT: Final = "is none of 0 and 1, true and false, yes and no; --fraud-value says what means fraud"


def read(column: Column, fraud_value: str | None = None) -> Cells:
    """With a `fraud_value` that alone means fraud, and every other value genuine. Null is no verdict."""
    if fraud_value is not None:
        cells = Cells(column.values.cast(pa.string())) if pa.types.is_boolean(column.type) else ids.read(column)
        return Cells(pc.equal(cells.values, fraud_value), cells.wrong)
    if pa.types.is_boolean(column.type):
        return Cells(column.values)
    if pa.types.is_null(column.type):
        return Cells(column.values.cast(pa.bool_()))
    if is_number(column.type):
        numbers = real(column).values
        return _told(numbers, mask(pc.equal(numbers, 1.0)), mask(pc.equal(numbers, 0.0)))
    if not pa.types.is_string(column.type):
        raise column.unfit("verdict")
    words = pc.ascii_lower(pc.utf8_trim_whitespace(column.values))
    return _told(column.values, mask(pc.is_in(words, FRAUD)), mask(pc.is_in(words, GENUINE)))


def _told(values: pa.Array, fraud: Mask, genuine: Mask) -> Cells:
    known = there(values)
    bad = known & ~fraud & ~genuine
    found = pa.array(fraud, mask=bad | ~known)
    return Cells(found, (Wrong(bad, Reason.WRONG_TYPE, NO_VERDICT),) if bad.any() else ())
