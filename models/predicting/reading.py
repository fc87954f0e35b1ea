"""A column of untrusted cells as values of one type. Nothing is bent until it fits: what would change is refused.

    double   a finite number; a whole one only if a double has it exactly, and none that becomes zero without being it
    float    the same, rounded to 32 bits, and neither beyond them nor made zero
    long     a whole number of 64 bits that a double has exactly; 3.0 is one, 3.5 is none
    integer  a whole number of 32 bits
    boolean  true or false, and neither 1 nor "yes"
    string   text; in JSON a number is none

CSV has text alone, so numbers are read from it as they are written; elsewhere a text is no number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from models.predicting.signature import Type
from schemas.cells.cells import EXACT, NUMBER, is_number, mask, matches, there
from schemas.tables.table import BadTable, Column, Kind, array

Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]

WHOLE: Final = r"^[+-]?[0-9]+$"
NOT_ZERO: Final = r"^[+-]?[0.]*[1-9]"
BLANKS: Final = ("", "na", "n/a", "nan", "null", "none", "?", "-")
"""What stands in CSV's columns of numbers where there is none."""
BOOLEANS: Final = {"true": 1.0, "false": 0.0}
LIMITS: Final = {Type.LONG: 2.0**63, Type.INTEGER: 2.0**31}
WORDS: Final = {
    Type.DOUBLE: "a number",
    Type.FLOAT: "a number",
    Type.LONG: "a whole number",
    Type.INTEGER: "a whole number",
    Type.BOOLEAN: "true or false",
    Type.STRING: "text",
}


class Code(StrEnum):
    """Why a cell is refused."""

    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, eq=False)
class Wrong:
    rows: Mask
    code: Code
    message: str


@dataclass(slots=True, eq=False)
class Read:
    """`values` are doubles, NaN where there is no value or a wrong one, or an Arrow array of texts, null there."""

    values: Any
    missing: Mask
    wrong: list[Wrong] = field(default_factory=list)

    def refuse(self, rows: Mask, code: Code, message: str) -> None:
        if rows.any():
            self.wrong.append(Wrong(rows, code, message))


def read(column: Column, kind: Type, *, name: str, lenient: bool = False) -> Read:
    """`lenient` is how customers are read, as they are at night: texts are numbers in any format, truths are 1 and 0.

    Raises BadTable where a column's own type says that none of its cells can do.
    """
    column = _plain(column)
    if pa.types.is_string(getattr(column.cells, "type", None) or pa.null()) and lenient:
        column = Column(column.cells, Kind.TEXT)
    if kind is Type.STRING:
        return _texts(column, name)
    if kind is Type.BOOLEAN:
        return _truths(column, name)
    found = _numbers(column, kind, name, lenient)
    _within(found, kind)
    return found


def _plain(column: Column) -> Column:
    if column.kind is Kind.JSON:
        return column
    cells = column.cells
    if pa.types.is_dictionary(cells.type):
        cells = cells.dictionary_decode()
    if pa.types.is_large_string(cells.type) or pa.types.is_string_view(cells.type):
        cells = cells.cast(pa.string())
    return Column(cells, column.kind)


def _numbers(column: Column, kind: Type, name: str, lenient: bool) -> Read:
    if column.kind is Kind.JSON:
        return _of_json(column.cells, kind, lenient)
    if column.kind is Kind.TEXT:
        return _of_text(column.cells, kind)
    cells = column.cells
    if pa.types.is_boolean(cells.type) and lenient:
        cells = cells.cast(pa.int8())
    if pa.types.is_decimal(cells.type):
        return _of_text(cells.cast(pa.string()), kind)
    if pa.types.is_null(cells.type):
        return Read(np.full(len(cells), np.nan), np.ones(len(cells), np.bool_))
    if not is_number(cells.type):
        raise _unfit(name, cells.type, kind)
    values = cells.cast(pa.float64(), safe=False).fill_null(np.nan).to_numpy(zero_copy_only=False)
    found = Read(values, np.isnan(values))
    if pa.types.is_integer(cells.type):
        _exact(found, there(cells), lambda row: cells[row].as_py())
    return found


def _of_json(cells: Sequence[object], kind: Type, lenient: bool) -> Read:
    """Columns of numbers alone, as almost all are, are not looked at cell by cell."""
    kinds = set(map(type, cells))
    if kinds <= {float, type(None)}:
        values = np.array(cells, np.float64)
        return Read(values, np.isnan(values))
    values = np.array([_number(each, lenient) for each in cells])
    whole = np.array([type(each) is int for each in cells])
    missing = np.array([each is None for each in cells])
    found = Read(values, missing)
    found.refuse(np.isnan(values) & ~missing, Code.WRONG_TYPE, f"is not {WORDS[kind]}")
    _exact(found, whole, lambda row: cast("int", cells[row]))
    return found


def _number(cell: object, lenient: bool) -> float:
    if type(cell) is int or isinstance(cell, float) or (lenient and type(cell) is bool):
        try:
            return float(cell)
        except OverflowError:
            return float("inf")
    return float("nan")


def _differs(cell: int) -> bool:
    """Beyond all doubles is said elsewhere."""
    try:
        return int(float(cell)) != cell
    except OverflowError:
        return False


def _of_text(cells: pa.Array, kind: Type) -> Read:
    texts = pc.utf8_trim_whitespace(cells)
    missing = ~there(texts) | mask(pc.is_in(pc.utf8_lower(texts), value_set=pa.array(BLANKS)))
    good = ~missing & matches(texts, NUMBER)
    values = pc.if_else(pa.array(good), texts, pa.scalar(None, pa.string())).cast(pa.float64())
    found = Read(values.fill_null(np.nan).to_numpy(zero_copy_only=False), missing)
    if (zero := found.values == 0.0).any():
        found.values = np.where(zero & matches(texts, NOT_ZERO), np.inf, found.values)
    found.refuse(~missing & ~good, Code.WRONG_TYPE, f"is not {WORDS[kind]}")
    _exact(found, good & matches(texts, WHOLE), lambda row: int(texts[row].as_py()))
    return found


def _exact(found: Read, whole: Mask, cell: Callable[[int], int]) -> None:
    """Of cells that are written as whole numbers, only the large ones can differ."""
    differs = np.zeros(len(whole), np.bool_)
    for row in np.flatnonzero(whole & (np.abs(found.values) >= EXACT)).tolist():
        differs[row] = _differs(cell(row))
    found.refuse(differs, Code.OUT_OF_RANGE, "is a whole number too large to be exact as a double")


def _within(found: Read, kind: Type) -> None:
    values: Doubles = found.values
    found.refuse(np.isinf(values), Code.OUT_OF_RANGE, "is beyond what a double can hold, or nearer to zero")
    if kind in LIMITS:
        finite = np.isfinite(values)
        found.refuse(finite & (values != np.floor(values)), Code.WRONG_TYPE, "is not a whole number")
        beyond = finite & ((values >= LIMITS[kind]) | (values < -LIMITS[kind]))
        found.refuse(beyond, Code.OUT_OF_RANGE, f"is beyond {64 if kind is Type.LONG else 32} bits")
    if kind is Type.FLOAT:
        with np.errstate(over="ignore", under="ignore"):
            rounded = values.astype(np.float32).astype(np.float64)
        lost = (np.isinf(rounded) & np.isfinite(values)) | ((rounded == 0.0) & (values != 0.0))
        found.refuse(lost, Code.OUT_OF_RANGE, "is beyond 32 bits, or nearer to zero")
        found.values = rounded


def _truths(column: Column, name: str) -> Read:
    if column.kind is Kind.JSON:
        truths = [each if each is None or type(each) is bool else "" for each in column.cells]
        values = np.array([np.nan if each is None or each == "" else float(each) for each in truths])
        missing = np.array([each is None for each in truths], np.bool_)
    elif column.kind is Kind.TEXT:
        texts = pc.utf8_lower(pc.utf8_trim_whitespace(column.cells))
        missing = ~there(texts) | mask(pc.equal(pc.binary_length(texts), 0))
        values = np.array([BOOLEANS.get(each, np.nan) for each in texts.to_pylist()])
    elif pa.types.is_boolean(column.cells.type) or pa.types.is_null(column.cells.type):
        missing = ~there(column.cells)
        values = column.cells.cast(pa.int8()).cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
    else:
        raise _unfit(name, column.cells.type, Type.BOOLEAN)
    found = Read(values.astype(np.float64), missing)
    found.refuse(np.isnan(found.values) & ~missing, Code.WRONG_TYPE, f"is not {WORDS[Type.BOOLEAN]}")
    return found


def _texts(column: Column, name: str) -> Read:
    if column.kind is not Kind.JSON:
        if pa.types.is_null(column.cells.type):
            return Read(column.cells.cast(pa.string()), np.ones(len(column), np.bool_))
        if not pa.types.is_string(column.cells.type):
            raise _unfit(name, column.cells.type, Type.STRING)
        return Read(column.cells, ~there(column.cells))
    missing = np.array([each is None for each in column.cells], np.bool_)
    kept = [each if isinstance(each, str) else None for each in column.cells]
    try:
        values = pa.array(kept, pa.string())
    except UnicodeEncodeError:
        values = pa.array([None if each is None or not _valid(each) else each for each in kept], pa.string())
    found = Read(values, missing)
    found.refuse(~there(values) & ~missing, Code.WRONG_TYPE, f"is not {WORDS[Type.STRING]}")
    return found


def _valid(text: str) -> bool:
    """JSON can say half a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def categories(column: Column, name: str) -> Read:
    """Of customers: texts, whole numbers and truths, as they were in training; their own type is kept."""
    if column.kind is not Kind.JSON:
        cells = _plain(column).cells
        if pa.types.is_nested(cells.type) or pa.types.is_temporal(cells.type) or pa.types.is_binary(cells.type):
            raise _unfit(name, cells.type, Type.STRING)
        return Read(cells, ~there(cells))
    nested = np.array(
        [isinstance(each, dict | list) or (isinstance(each, str) and not _valid(each)) for each in column.cells],
        np.bool_,
    )
    kept = [None if bad else each for each, bad in zip(column.cells, nested, strict=True)]
    kinds = {type(each) for each in kept} - {type(None)}
    cells = array(kept) if len(kinds) <= 1 else pa.array([_written(each) for each in kept], pa.string())
    found = Read(cells, np.array([each is None for each in column.cells], np.bool_))
    found.refuse(nested, Code.WRONG_TYPE, "is neither text nor a number")
    return found


def _written(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _unfit(name: str, found: pa.DataType, kind: Type) -> BadTable:
    said = f"the column {name} is of type {found}, and its cells must be {WORDS[kind]}"
    return BadTable(said, column=name, fix="write it as the type that the model takes")
