"""Which rows stand on which lists: a pure function of one version of the lists and of each row's values and event time.

Ids are compared as numbers first; only rows whose number is there are looked at again, by their text. Columns without
entries cost nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from models.hashing import Hashes, hash_strings
from models.policies.kinds import BIT, KINDS, SNOOZE, Bits
from models.policies.list_file import ListFile
from models.policies.wording import Shelved
from models.rules import Snoozes, Times
from schemas.lot.buffers import flags

DIGEST_DIGITS: Final = 12
PLACES_PER_VALUE: Final = 16
FEWEST_PLACES: Final = 1 << 10


@dataclass(frozen=True, slots=True)
class Stretch:
    """One value of one column on one list, while the event time is in [start, end)."""

    value: str
    bit: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The entries of one column, sorted by the number of their value; `run` are the most with the same number."""

    numbers: Hashes
    values: pa.Array
    bits: Bits
    start: Times
    end: Times
    run: int
    may_be: NDArray[np.bool_]
    """By the last bits of a number: whether any entry has those."""

    @classmethod
    def of(cls, stretches: Iterable[Stretch]) -> "Column":
        found = list(stretches)
        values = pa.array([each.value for each in found], pa.string())
        numbers = hash_strings(values)
        order = np.argsort(numbers, kind="stable")
        places = max(FEWEST_PLACES, 1 << (len(found) * PLACES_PER_VALUE - 1).bit_length())
        may_be = np.zeros(places, np.bool_)
        may_be[_places(numbers, places)] = True
        return cls(
            numbers[order],
            values.take(pa.array(order)),
            np.array([each.bit for each in found], np.uint32)[order],
            np.array([each.start for each in found], np.int64)[order],
            np.array([each.end for each in found], np.int64)[order],
            int(np.unique(numbers, return_counts=True)[1].max()),
            may_be,
        )

    def mark(self, column: pa.Array, at: Times, found: Bits) -> None:
        numbers = hash_strings(column)
        rows = np.flatnonzero(self.may_be[_places(numbers, len(self.may_be))] & flags(column))
        if not len(rows):
            return
        first = np.searchsorted(self.numbers, numbers[rows])
        for step in range(self.run):
            held, entries = self._held(numbers, at, rows, first + step)
            if len(held):
                same = pc.equal(column.take(pa.array(held)), self.values.take(pa.array(entries)))
                found[held] |= np.where(same.to_numpy(zero_copy_only=False), self.bits[entries], np.uint32(0))

    def _held(self, numbers: Hashes, at: Times, rows: Times, entries: Times) -> tuple[Times, Times]:
        """Each row with one entry of its own: those whose number and time fit."""
        inside = entries < len(self.numbers)
        rows, entries = rows[inside], entries[inside]
        fit = self.numbers[entries] == numbers[rows]
        fit &= (self.start[entries] <= at[rows]) & (at[rows] < self.end[entries])
        return rows[fit], entries[fit]


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """One version, ready for look-ups. Version 0 is the one before any was made: nothing is on it."""

    version: int = 0
    digest: str = ""
    columns: Mapping[str, Column] = field(default_factory=dict)
    snoozes: Snoozes = field(default_factory=dict)

    @classmethod
    def of(cls, file: ListFile, version: int, digest: str) -> "Lists":
        stretches = _stretches(file)
        by_column: dict[str, list[Stretch]] = defaultdict(list)
        for kind in KINDS:
            if kind.column and stretches[kind.name]:
                by_column[kind.column] += stretches[kind.name]
        snoozes: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for each in stretches[SNOOZE.name]:
            snoozes[each.value].append((each.start, each.end))
        return cls(version, digest, {name: Column.of(each) for name, each in by_column.items()}, dict(snoozes))

    @property
    def shelved(self) -> Shelved:
        return Shelved(self.version, self.digest[:DIGEST_DIGITS])

    def listed(self, rows: pa.RecordBatch, at: Times) -> Bits:
        """`at` are the event times as of which the rows are scored."""
        found = np.zeros(rows.num_rows, np.uint32)
        for name, column in self.columns.items():
            column.mark(rows[name], at, found)
        return found


def _stretches(file: ListFile) -> dict[str, list[Stretch]]:
    """By list; the stretches of one value do not overlap."""
    times: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for each in file.entries:
        for value in each.values:
            times[each.name, value].append((each.from_ms, each.until_ms))
    found: dict[str, list[Stretch]] = defaultdict(list)
    for (name, value), spans in times.items():
        found[name] += [Stretch(value, BIT[name], *span) for span in _joined(spans)]
    return found


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


def _places(numbers: Hashes, places: int) -> Times:
    return (numbers & np.uint64(places - 1)).astype(np.int64)
