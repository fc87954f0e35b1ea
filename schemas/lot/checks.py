"""The contract's invariants and the marks of a lot, column by column.

A row that breaks several is refused for the first, in this order: lengths, ranges and capital letters as
`schemas.lot.limits` lists them; then, where the settings refuse them, a key that is missing or is not the card id, a
partition that does not fit the card id, a text that looks like a card number. Without a key column (files, HTTP) keys
and partitions are not looked at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from schemas.card_numbers import look_alikes
from schemas.lot.buffers import Texts, flags, numbers, texts
from schemas.lot.limits import CAPITALS, LENGTHS, RANGES
from schemas.partitioner import Partitioner, partitions_of
from schemas.verdicts import Mark, Reason

Columns = dict[str, pa.Array]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Checks:
    """`partitions` 0 means their number is not known, so partitions are not looked at."""

    strict_keys: bool = False
    reject_pans: bool = False
    partitioner: Partitioner = "murmur2"
    partitions: int = 0

    def refuse(self, mark: Mark) -> bool:
        return self.reject_pans if mark is Mark.CARD_NUMBER else self.strict_keys


@dataclass(frozen=True, slots=True)
class Fault:
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """Per row: its marks, and the place in `faults` of its first fault or NO_FAULT."""

    marks: NDArray[np.uint32]
    found: NDArray[np.int64]
    faults: list[Fault]


NO_FAULT: Final = -1
CARD_NUMBERS: Final = {"card_id": True, "memo": False}
"""Where they are looked for, and whether the whole text has to be one."""
STRING: Final = pa.string().id


def check(rows: pa.RecordBatch, checks: Checks, keys: pa.Array | None, partitions: NDArray[np.int32]) -> Verdicts:
    """Never changes a row; `keys` and `partitions` are those of the rows."""
    verdicts = Verdicts(np.zeros(rows.num_rows, np.uint32), np.full(rows.num_rows, NO_FAULT), [])
    columns = dict(zip(rows.schema.names, rows.columns, strict=True))
    strings = {name: texts(column) for name, column in columns.items() if column.type.id == STRING}
    for bad, fault in _faults(columns, strings):
        _refuse(verdicts, bad, fault)
    for mark, marked, fault in _facts(columns, strings, checks, keys, partitions):
        verdicts.marks[marked] |= np.uint32(mark)
        if checks.refuse(mark):
            _refuse(verdicts, marked, fault)
    return verdicts


def _refuse(verdicts: Verdicts, bad: Flags, fault: Fault) -> None:
    verdicts.found[bad & (verdicts.found == NO_FAULT)] = len(verdicts.faults)
    verdicts.faults.append(fault)


def _faults(columns: Columns, strings: dict[str, Texts]) -> Iterator[tuple[Flags, Fault]]:
    yield from _wrong_lengths(columns, strings)
    yield from _out_of_range(columns)
    yield from _not_capitals(columns, strings)


def _wrong_lengths(columns: Columns, strings: dict[str, Texts]) -> Iterator[tuple[Flags, Fault]]:
    for limit in (each for each in LENGTHS if each.column in strings):
        lengths = strings[limit.column].lengths
        if (short := lengths < limit.least).any():
            yield short & flags(columns[limit.column]), Fault(Reason.EMPTY_FIELD, f"{limit.column} is empty")
        if (long := lengths > limit.most).any():
            yield long, Fault(Reason.TOO_LONG, f"{limit.column} is longer than {limit.most} bytes")


def _out_of_range(columns: Columns) -> Iterator[tuple[Flags, Fault]]:
    for limit in (each for each in RANGES if each.column in columns):
        column = columns[limit.column]
        values = numbers(column)
        within = (values >= limit.low) & (values <= limit.high)
        if not within.all():
            fault = Fault(limit.reason, f"{limit.column} is not within {limit.low} to {limit.high}")
            yield ~within & flags(column), fault


def _not_capitals(columns: Columns, strings: dict[str, Texts]) -> Iterator[tuple[Flags, Fault]]:
    for limit in (each for each in CAPITALS if each.column in strings):
        column, used = columns[limit.column], strings[limit.column].used()
        of_length = (strings[limit.column].lengths == limit.letters) | ~flags(column)
        if not (of_length.all() and ((used >= ord("A")) & (used <= ord("Z"))).all()):
            right = pc.match_substring_regex(column, f"^[A-Z]{{{limit.letters}}}$").fill_null(True)
            yield ~_booleans(right), Fault(limit.reason, f"{limit.column} is not {limit.letters} letters A to Z")


def _facts(
    columns: Columns,
    strings: dict[str, Texts],
    checks: Checks,
    keys: pa.Array | None,
    partitions: NDArray[np.int32],
) -> Iterator[tuple[Mark, Flags, Fault]]:
    if keys is not None:
        yield from _key_facts(keys, columns["card_id"])
        if checks.partitions:
            yield _partition_fact(strings["card_id"], checks, partitions)
    for name in (each for each in CARD_NUMBERS if each in strings):
        found = look_alikes(strings[name].data, strings[name].offsets, whole=CARD_NUMBERS[name])
        yield Mark.CARD_NUMBER, found, Fault(Reason.CARD_NUMBER, f"{name} looks like a card number")


def _key_facts(keys: pa.Array, cards: pa.Array) -> Iterator[tuple[Mark, Flags, Fault]]:
    key, card = texts(keys), texts(cards)
    if np.array_equal(key.lengths, card.lengths) and np.array_equal(key.used(), card.used()):
        return
    missing = key.lengths == 0
    same = _booleans(pc.equal(keys, cards.cast(keys.type)).fill_null(False))
    yield Mark.KEY_MISSING, missing, Fault(Reason.KEY_MISMATCH, "the record has no key")
    yield Mark.KEY_MISMATCH, ~missing & ~same, Fault(Reason.KEY_MISMATCH, "the key is not card_id")


def _partition_fact(cards: Texts, checks: Checks, partitions: NDArray[np.int32]) -> tuple[Mark, Flags, Fault]:
    right = partitions_of(cards.data, cards.offsets, checks.partitions, checks.partitioner)
    detail = f"the partition does not fit card_id under {checks.partitioner} and {checks.partitions} partitions"
    return Mark.PARTITION_MISMATCH, right != partitions, Fault(Reason.KEY_MISMATCH, detail)


def _booleans(column: pa.Array) -> Flags:
    return np.asarray(column.to_numpy(zero_copy_only=False), np.bool_)
