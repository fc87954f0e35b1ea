"""Customers as files have them, some at a time, in the order of the files: memory does not grow with the rows.

A row whose id is missing, unreadable or longer than ids are is refused, with its file and row; duplicates are not
looked for here, as that needs all ids. Blank lines count for nothing, and rows count from 1 without the header.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from batch.history.files import File
from batch.history.pieces import Choose, Piece
from batch.history.rejects import Reject
from batch.history.tables import pieces
from schemas.cells import ids
from schemas.cells.cells import Mask, column, mask, there
from schemas.errors import Usage
from schemas.lot.limits import LENGTHS
from schemas.verdicts import Reason

MOST_BYTES: Final = next(each.most for each in LENGTHS if each.column == "customer_id")
"""No transaction names a customer with a longer id."""


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """`rows` are those with a usable `id`, with all columns that were wanted, as the file has them.

    `numbers` says which rows of the file they are; `untyped` that cells are text because the format has nothing else.
    """

    file: File
    ids: pa.Array
    rows: pa.RecordBatch
    numbers: NDArray[np.int64]
    untyped: bool
    rejects: tuple[Reject, ...]

    @property
    def read(self) -> int:
        return int(self.rows.num_rows) + len(self.rejects)

    def place(self, row: int) -> str:
        return f"{self.file} row {self.numbers[row]}"


def customers(files: Sequence[File], key: str, columns: Sequence[str] | None = None) -> Iterator[Some]:
    """`key` is the column of ids; of the others those that are named, or all.

    Raises Usage naming the file and every column that it has not.
    """
    for piece in pieces(files, _choice(key, columns), later=()):
        yield _some(piece, key)


def columns_of(file: File) -> list[str]:
    """Those that the file has; the first objects say it where there is no header."""
    found: list[str] = []

    def choose(_: File, names: Sequence[str]) -> dict[str, str]:
        found.extend(names)
        return {names[0]: names[0]} if names else {}

    next(pieces([file], choose, later=()), None)
    return found


def _choice(key: str, columns: Sequence[str] | None) -> Choose:
    def choose(file: File, names: Sequence[str]) -> dict[str, str]:
        wanted = list(dict.fromkeys([key, *(names if columns is None else columns)]))
        if missing := [name for name in wanted if name not in names]:
            said = f"{file} has no column {', '.join(missing)}"
            raise Usage(said, fix=f"its columns are {', '.join(names)}; name the one of ids with --id")
        return {name: name for name in wanted}

    return choose


def _some(piece: Piece, key: str) -> Some:
    cells = ids.read(column(key, piece.cells[key], untyped=piece.untyped))
    found, faults = cells.values, [(each.rows, each.reason, each.detail) for each in cells.wrong]
    faults.append((~there(found) | _blank(found), Reason.MISSING_FIELD, "is empty"))
    too_long = mask(pc.greater(pc.binary_length(found), MOST_BYTES))
    faults.append((too_long, Reason.TOO_LONG, f"is longer than {MOST_BYTES} bytes"))
    bad = {each.number: (each.reason, each.detail) for each in piece.bad}
    for rows, reason, detail in reversed(faults):  # of several faults the first counts
        bad |= {int(piece.numbers[row]): (reason, f"column {key} (id) {detail}") for row in np.flatnonzero(rows)}
    rejects = tuple(Reject(f"{piece.file} row {number}", *bad[number]) for number in sorted(bad))
    if len(rejects) == len(piece.bad):
        return Some(piece.file, found, piece.cells, piece.numbers, piece.untyped, rejects)
    good = np.flatnonzero(~np.logical_or.reduce([rows for rows, _, _ in faults]))
    kept = pa.array(good)
    return Some(piece.file, found.take(kept), piece.cells.take(kept), piece.numbers[good], piece.untyped, rejects)


def _blank(values: pa.Array) -> Mask:
    return mask(pc.equal(pc.binary_length(pc.utf8_trim_whitespace(values)), 0))
