"""Customers with their scores, some thousands at a time: scored here by a model, or scored elsewhere and read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batch.customers.customers import Some, customers
from batch.history.files import File
from batch.nightly.scored import Scored, places
from models.churn.encoding import Unread
from schemas.cells import numbers
from schemas.cells.cells import column
from schemas.churn import SCALE

NO_SCORE: Final = "no_score"
OUT_OF_RANGE: Final = "score_out_of_range"
DUPLICATE: Final = "duplicate_id"
SCORE: Final = "score"


@dataclass(frozen=True, slots=True)
class Rejected:
    """`row` counts from 1, without the header."""

    file: str
    row: int
    id: str | None
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Lot:
    """`read` counts every row, `unread` by column the cells that say nothing."""

    rows: Scored
    rejected: Sequence[Rejected]
    read: int
    unread: Mapping[str, Unread] = field(default_factory=dict)


class Scoring(Protocol):
    """A pure function of each row, whatever the batch."""

    @property
    def columns(self) -> Sequence[str]: ...

    def unread(self, rows: pa.RecordBatch) -> Mapping[str, Unread]: ...

    def score(self, rows: pa.RecordBatch) -> NDArray[np.uint32]: ...


class Source(Protocol):
    files: Sequence[File]

    def lots(self) -> Iterator[Lot]: ...


class Customers:
    """Of files with a column of ids and those that the model needs."""

    def __init__(self, files: Sequence[File], key: str, model: Scoring) -> None:
        self.files = files
        self._key = key
        self._model = model

    def lots(self) -> Iterator[Lot]:
        wanted = [name for name in self._model.columns if name != self._key]
        for number, some in _numbered(customers(self.files, self._key, wanted), self.files):
            features = some.rows.select(wanted)
            rows = Scored.of(some.ids, self._model.score(features), places(number, some.numbers))
            rejected = [_rejected(each.place, each.reason, each.detail) for each in some.rejects]
            yield Lot(rows, rejected, some.read, self._model.unread(features))


class Scores:
    """Of files with a column of ids and one of scores from 0 to 1."""

    def __init__(self, files: Sequence[File], key: str, score: str = SCORE) -> None:
        self.files = files
        self._key = key
        self._score = score

    def lots(self) -> Iterator[Lot]:
        for number, some in _numbered(customers(self.files, self._key, [self._score]), self.files):
            cells = numbers.real(column(self._score, some.rows[self._score], untyped=some.untyped))
            values = cells.values.fill_null(np.nan).to_numpy(zero_copy_only=False)
            missing, outside = np.isnan(values), (values < 0) | (values > 1)
            good = np.flatnonzero(~(missing | outside))
            millionths = np.rint(values[good] * SCALE).astype(np.uint32)
            rejected = [_rejected(each.place, each.reason, each.detail) for each in some.rejects]
            for rows, reason in ((missing, NO_SCORE), (outside, OUT_OF_RANGE)):
                rejected += [
                    Rejected(str(some.file), int(some.numbers[row]), some.ids[row].as_py(), reason)
                    for row in np.flatnonzero(rows)
                ]
            ids = some.ids.take(pa.array(good))
            yield Lot(Scored.of(ids, millionths, places(number, some.numbers[good])), rejected, some.read)


def _numbered(read: Iterator[Some], files: Sequence[File]) -> Iterator[tuple[int, Some]]:
    known = {str(file): number for number, file in enumerate(files)}
    for some in read:
        yield known[str(some.file)], some


def _rejected(place: str, reason: str, detail: str) -> Rejected:
    file, _, row = place.rpartition(" row ")
    return Rejected(file, int(row), None, str(reason), detail)
