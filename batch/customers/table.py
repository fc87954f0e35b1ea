"""A whole table of customers in memory, to learn from: one row for each id, columns of one type each.

The id is told, or is the column that tells customers apart; where none does, each row is a customer of its own.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batch.customers.customers import Some, customers
from batch.history.files import File
from batch.history.pieces import Piece
from batch.history.rejects import Reject, Rejects
from batch.history.tables import pieces
from models.churn.inference import key_of
from models.hashing import Hashes, hash_strings
from schemas.cells.cells import column, is_number, texts
from schemas.errors import Usage

DUPLICATE: Final = "duplicate_id"


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """`numbers` are those of the ids, each once; `read` counts rows of the files."""

    rows: pa.RecordBatch
    numbers: Hashes
    key: str | None
    read: int


def whole(files: Sequence[File], key: str | None, besides: Sequence[str], rejects: Rejects) -> Whole:
    """`besides` cannot be the id. Raises Usage where too many rows cannot be used, or none is left."""
    key = _key(files, besides) if key is None else key
    parts: list[Some] = []
    for part in customers(files, key) if key is not None else _numbered(files):
        rejects.add(part.rejects)
        parts.append(part)
    read = sum(part.read for part in parts)
    parts, numbers = _each_once(parts, rejects)
    rejects.settle(read, "rows")
    if not len(numbers):
        raise Usage(f"{', '.join(map(str, files))}: there are no customers", fix="give a file that has rows")
    return Whole(_together([part.rows for part in parts]), numbers, key, read)


def _key(files: Sequence[File], besides: Sequence[str]) -> str | None:
    first = next(pieces(files, _all, later=()), None)
    return None if first is None else key_of(first.cells, besides)


def _all(_: File, names: Sequence[str]) -> dict[str, str]:
    return {name: name for name in names}


def _numbered(files: Sequence[File]) -> Iterator[Some]:
    """Each row is called by its place."""
    for piece in pieces(files, _all, later=()):
        ids = pa.array([f"{piece.file} row {number}" for number in piece.numbers], pa.string())
        yield Some(piece.file, ids, piece.cells, piece.numbers, piece.untyped, _bad(piece))


def _bad(piece: Piece) -> tuple[Reject, ...]:
    return tuple(Reject(f"{piece.file} row {each.number}", each.reason, each.detail) for each in piece.bad)


def _each_once(parts: Sequence[Some], rejects: Rejects) -> tuple[list[Some], Hashes]:
    """Of several rows with one id the first is kept: nobody can say which is right."""
    hashed = [hash_strings(part.ids) for part in parts]
    numbers = np.concatenate(hashed) if hashed else np.zeros(0, np.uint64)
    first = np.zeros(len(numbers), np.bool_)
    first[np.unique(numbers, return_index=True)[1]] = True
    kept, at = [], 0
    for part in parts:
        here = first[at : at + len(part.ids)]
        kept.append(part if here.all() else _without(part, here, rejects))
        at += len(part.ids)
    return kept, numbers[first]


def _without(part: Some, kept: NDArray[np.bool_], rejects: Rejects) -> Some:
    detail = "another row has the same id"
    rejects.add([Reject(part.place(row), DUPLICATE, detail) for row in np.flatnonzero(~kept).tolist()])
    where = pa.array(np.flatnonzero(kept))
    return replace(part, ids=part.ids.take(where), rows=part.rows.take(where), numbers=part.numbers[kept])


def _together(parts: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """Columns that some files or pieces lack are blank there."""
    names = list(dict.fromkeys(name for part in parts for name in part.schema.names))
    columns = [
        _joined([part[name] if name in part.schema.names else pa.nulls(part.num_rows) for part in parts], name)
        for name in names
    ]
    return pa.RecordBatch.from_arrays(columns, names=names)


def _joined(arrays: Sequence[pa.Array], name: str) -> pa.Array:
    """Of the type they have; numbers of several types as doubles, anything else as it would be written."""
    cells = [column(name, each).values for each in arrays]
    types = {each.type for each in cells if not pa.types.is_null(each.type)}
    if len(types) > 1:
        cast: Callable[[pa.Array], pa.Array] = (
            (lambda each: each.cast(pa.float64(), safe=False))
            if all(map(is_number, types))
            else (lambda each: texts(column(name, each)).values)
        )
        cells = [cast(each) for each in cells]
        types = {cells[0].type}
    target = types.pop() if types else pa.null()
    return pa.concat_arrays([each.cast(target) for each in cells])
