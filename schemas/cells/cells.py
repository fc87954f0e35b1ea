"""A column of whatever type as values of one kind; cells that are none of that kind are null and said to be wrong."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from schemas.errors import Usage
from schemas.verdicts import Reason

Mask = NDArray[np.bool_]

INTEGER: Final = r"^[+-]?[0-9]{1,18}$"
NUMBER: Final = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
EXACT: Final = float(2**53)
"""Doubles are whole numbers one by one up to here."""


@dataclass(frozen=True, slots=True)
class Column:
    """`values` are never a dictionary, and text is always `string`; `untyped` is a cell of a format of text alone."""

    name: str
    values: pa.Array
    untyped: bool = False

    @property
    def type(self) -> pa.DataType:
        return self.values.type

    def unfit(self, what: str) -> Usage:
        return Usage(f"column {self.name} is of type {self.type}, which is no {what}", fix="name another column")


@dataclass(frozen=True, slots=True, eq=False)
class Wrong:
    rows: Mask
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Null where there is no value, or a wrong one."""

    values: pa.Array
    wrong: tuple[Wrong, ...] = ()


def column(name: str, values: pa.Array, *, untyped: bool = False) -> Column:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if _is_text(values.type):
        try:
            values = values.cast(pa.string())
        except pa.ArrowInvalid as error:
            raise Usage(f"column {name} holds bytes that are not UTF-8 text", fix="name another column") from error
    if untyped:
        values = pc.if_else(pc.equal(pc.binary_length(values), 0), pa.scalar(None, pa.string()), values)
    return Column(name, values, untyped)


def texts(of: Column) -> Cells:
    """Whatever it is, as it would be written."""
    if pa.types.is_nested(of.type):
        raise of.unfit("text")
    return Cells(of.values.cast(pa.string()))


def mask(values: pa.Array) -> Mask:
    """Of booleans; null is false."""
    found: Mask = values.fill_null(False).to_numpy(zero_copy_only=False)
    return found


def matches(values: pa.Array, pattern: str) -> Mask:
    return mask(pc.match_substring_regex(values, pattern))


def there(values: pa.Array) -> Mask:
    return mask(values.is_valid())


def without(values: pa.Array, rows: Mask) -> pa.Array:
    """Null in those rows."""
    return pc.if_else(pa.array(rows), pa.scalar(None, values.type), values) if rows.any() else values


def is_number(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_))


def _is_text(type_: pa.DataType) -> bool:
    kinds = (
        pa.types.is_large_string,
        pa.types.is_string_view,
        pa.types.is_binary,
        pa.types.is_large_binary,
        pa.types.is_binary_view,
        pa.types.is_fixed_size_binary,
    )
    return any(kind(type_) for kind in kinds)
