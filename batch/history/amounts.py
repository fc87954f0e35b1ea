"""Amounts in major units (12.34) as minor units (1234): the decimal that is written, a half to the even neighbour.

A double means the shortest decimal that is read as it: 12.345 is 12.345, a half, and not the binary fraction just
above it. So a table gives the same amounts as CSV and as Parquet.
"""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from schemas.cells.cells import NUMBER, Cells, Column, Mask, Wrong, is_number, matches, there, without
from schemas.verdicts import Reason

Doubles = NDArray[np.float64]

USUAL_DIGITS: Final = 2
DIGITS: Final = (
    dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    )
    | dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3)
    | dict.fromkeys(["CLF", "UYW"], 4)
)
"""Digits of the minor unit (ISO 4217) where they are not two."""
NEAR_HALF: Final = 1e-3
"""Up to BEYOND doubles are this exact by far: only what is nearer to a half is computed in decimals."""
BEYOND: Final = 1e12


def read(column: Column, scale: Doubles) -> Cells:
    """`scale` is how many minor units a major one has, row by row."""
    if pa.types.is_floating(column.type) and column.type != pa.float64():
        # the shortest decimal of a shorter float is another than that of the double
        column = Column(column.name, column.values.cast(pa.float32()).cast(pa.string()))
    values, wrong = _doubles(column)
    known = there(column.values)
    for each in wrong:
        known &= ~each.rows
    infinite = known & ~np.isfinite(values)
    known &= ~infinite
    if infinite.any():
        wrong = (*wrong, Wrong(infinite, Reason.AMOUNT_OUT_OF_RANGE, "is not a finite number"))
    minor = _rounded(np.where(known, values, 0.0), scale, lambda row: _exact(column.values[row]))
    return Cells(pa.array(minor, mask=~known), wrong)


def scales(currency: pa.Array) -> Doubles:
    """Minor units of a major unit, by the currency of each row."""
    digits = np.full(len(currency), USUAL_DIGITS)
    if len(currency) and pc.all(pc.equal(currency, currency[0])).as_py():
        currency = currency.slice(0, 1)
    codes = currency.dictionary_encode()
    of_code = np.array([DIGITS.get(code, USUAL_DIGITS) for code in codes.dictionary.to_pylist()], np.int64)
    if (of_code != USUAL_DIGITS).any():
        digits[:] = of_code[codes.indices.fill_null(0).to_numpy(zero_copy_only=False)]
    return np.asarray(10.0**digits, np.float64)


def _doubles(column: Column) -> tuple[Doubles, tuple[Wrong, ...]]:
    """The nearest to each, NaN where there is none."""
    values = column.values
    wrong: tuple[Wrong, ...] = ()
    if pa.types.is_null(values.type):
        return np.full(len(values), np.nan), ()
    if pa.types.is_string(values.type):
        bad = there(values) & ~matches(values, NUMBER) & ~matches(values, "^(?i)[+-]?(nan|inf|infinity)$")
        values = without(values, bad)
        wrong = (Wrong(bad, Reason.WRONG_TYPE, "is not a number such as 12.34"),) if bad.any() else ()
    elif not is_number(column.type):
        raise column.unfit("amount")
    return values.cast(pa.float64(), safe=False).fill_null(np.nan).to_numpy(zero_copy_only=False), wrong


def _rounded(values: Doubles, scale: Doubles, exact: Callable[[int], Decimal]) -> NDArray[np.int64]:
    scaled = np.clip(values * scale, -BEYOND, BEYOND)
    minor = np.rint(scaled).astype(np.int64)
    near: Mask = np.abs(scaled - np.floor(scaled) - 0.5) < NEAR_HALF
    for row in np.flatnonzero(near):
        decimal = exact(int(row)) * int(scale[row])
        minor[row] = int(decimal.to_integral_value(ROUND_HALF_EVEN))
    return minor


def _exact(value: pa.Scalar) -> Decimal:
    """`str` of a double is its shortest decimal."""
    return Decimal(str(value.as_py()))
