"""Times as milliseconds UTC: timestamps with and without zone, ISO 8601 text, numbers of a declared unit.

What says no zone is on the clocks of `Clock.zone`. An hour that those clocks show twice or never says too little, so
it is wrong. Finer than a millisecond is cut.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from batch.history.units import PER_SECOND, Unit
from schemas.cells.cells import Cells, Column, Mask, Wrong, is_number, matches, there, without
from schemas.cells.numbers import real, whole
from schemas.errors import Usage
from schemas.verdicts import Reason

Integers = NDArray[np.int64]

EPOCH: Final = r"^[+-]?[0-9]+(\.[0-9]+)?$"
ZONED: Final = r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"
DATE: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
MILLISECOND: Final = dt.timedelta(milliseconds=1)
FIRST: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
FARTHEST_MS: Final = 1 << 53
FIRST_YEAR_MS: Final = -2_208_988_800_000
LAST_YEAR_MS: Final = 4_133_980_800_000
"""1900 and 2101: beyond what the checks of lots let pass, in every zone."""
NO_TIME: Final = "is not a time: ISO 8601, as in 2026-01-31 12:00:00 or with an offset, is"
TWICE: Final = "stands twice or not at all on the clocks of {zone}, because they are changed then"


@dataclass(frozen=True, slots=True)
class Clock:
    """`unit` is what whole numbers count since 1970, where that was said."""

    zone: str = "UTC"
    unit: Unit | None = None


def read(column: Column, clock: Clock) -> Cells:
    if pa.types.is_null(column.type):
        return Cells(column.values.cast(pa.int64()))
    if pa.types.is_timestamp(column.type):
        moments = Cells(pa.array(_milliseconds(column.values), mask=~there(column.values)))
        return moments if column.type.tz else _zoned(moments, clock.zone)
    if pa.types.is_date(column.type):
        return read(Column(column.name, column.values.cast(pa.timestamp("ms"))), clock)
    if is_number(column.type):
        return _counted(column, clock)
    if not pa.types.is_string(column.type):
        raise column.unfit("time")
    return _from_text(column, clock)


def _milliseconds(values: pa.Array) -> Integers:
    ticks = values.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    per_second = PER_SECOND[Unit(values.type.unit)]
    if per_second >= PER_SECOND[Unit.MS]:
        return np.asarray(ticks // (per_second // PER_SECOND[Unit.MS]), np.int64)
    return np.asarray(np.clip(ticks, -FARTHEST_MS // 1000, FARTHEST_MS // 1000) * 1000, np.int64)


def _zoned(cells: Cells, zone: str) -> Cells:
    """Milliseconds of a clock on the wall, as milliseconds UTC."""
    if zone == "UTC":
        return cells
    walls = _within(cells.values).cast(pa.timestamp("ms"))
    first = pc.assume_timezone(walls, zone, ambiguous="earliest", nonexistent="earliest").cast(pa.int64())
    last = pc.assume_timezone(walls, zone, ambiguous="latest", nonexistent="latest").cast(pa.int64())
    unclear: Mask = (pc.not_equal(first, last)).fill_null(False).to_numpy(zero_copy_only=False)
    wrong = (Wrong(unclear, Reason.TIME_OUT_OF_RANGE, TWICE.format(zone=zone)),) if unclear.any() else ()
    return Cells(without(first, unclear), (*cells.wrong, *wrong))


def _within(values: pa.Array) -> pa.Array:
    """Years that the time zone database can speak of; what lies beyond is out of range all the same."""
    low, high = pa.scalar(FIRST_YEAR_MS), pa.scalar(LAST_YEAR_MS)
    return pc.max_element_wise(low, pc.min_element_wise(high, values, skip_nulls=False), skip_nulls=False)


def _counted(column: Column, clock: Clock) -> Cells:
    if clock.unit is None:
        raise Usage(
            f"column {column.name} has times as numbers, and they do not tell what they count",
            fix="add --time-unit s, ms, us or ns for what they count since 1970",
        )
    per_second = PER_SECOND[clock.unit]
    if pa.types.is_integer(column.type) or pa.types.is_string(column.type):
        cells = whole(column)
        if not cells.wrong:
            counted = pc.max_element_wise(-FARTHEST_MS, cells.values, skip_nulls=False)
            if per_second < PER_SECOND[Unit.MS]:
                counted = pc.min_element_wise(FARTHEST_MS // 1000, counted, skip_nulls=False)
            return Cells(
                pa.array(_milliseconds(counted.cast(pa.timestamp(str(clock.unit)))), mask=~there(cells.values))
            )
    cells = real(column)
    known = there(cells.values)
    seconds = cells.values.fill_null(0.0).to_numpy(zero_copy_only=False) * (PER_SECOND[Unit.MS] / per_second)
    far = known & ~(np.abs(seconds) <= FARTHEST_MS)
    wrong = (*cells.wrong, Wrong(far, Reason.TIME_OUT_OF_RANGE, "is not a time")) if far.any() else cells.wrong
    moments = np.floor(np.where(far, 0.0, np.round(seconds, 3))).astype(np.int64)
    return Cells(pa.array(moments, mask=far | ~known), wrong)


def _from_text(column: Column, clock: Clock) -> Cells:
    """Some rows may be of one form and some of another; each is read as what it is."""
    values, known = column.values, there(column.values)
    counted = matches(values, EPOCH)
    if counted.any():
        of_numbers = _counted(Column(column.name, without(values, ~counted)), clock)
        rest = _from_text(Column(column.name, without(values, counted)), clock) if (known & ~counted).any() else None
        return of_numbers if rest is None else _either(of_numbers, rest)
    zoned = matches(values, ZONED) & ~matches(values, DATE)
    offsets = _parsed(without(values, ~zoned), "UTC")
    walls = _parsed(without(values, zoned), None)
    return _either(offsets, _zoned(walls, clock.zone))


def _either(one: Cells, other: Cells) -> Cells:
    return Cells(pc.coalesce(one.values, other.values), (*one.wrong, *other.wrong))


def _parsed(values: pa.Array, tz: str | None) -> Cells:
    """All at once where all can be read, else one by one."""
    try:
        return Cells(pa.array(_milliseconds(values.cast(pa.timestamp("ns", tz))), mask=~there(values)))
    except pa.ArrowInvalid:
        found = [None if text is None else _one(text) for text in values.to_pylist()]
    moments = pa.array(found, pa.int64())
    bad = there(values) & ~there(moments)
    return Cells(moments, (Wrong(bad, Reason.WRONG_TYPE, NO_TIME),) if bad.any() else ())


def _one(text: str) -> int | None:
    try:
        time = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return ((time if time.tzinfo else time.replace(tzinfo=dt.UTC)) - FIRST) // MILLISECOND
