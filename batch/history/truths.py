"""What is true of each event, where somebody knows: whether it was fraud, and of which kind."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batch.history.assignment import IS_FRAUD, SCENARIO, Assignment
from batch.history.files import File
from batch.history.rejects import Reject, Rejects
from batch.history.sheet import Reading, Sheet
from batch.history.tables import pieces
from models.hashing import Hashes, hash_strings
from schemas.cells import ids
from schemas.cells.cells import there
from schemas.verdicts import Reason


class Truths(NamedTuple):
    """One entry per event, in any order."""

    event: Hashes
    is_fraud: NDArray[np.bool_]
    scenario: NDArray[np.object_]
    """Texts; few different ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    truths: Truths
    rejects: Sequence[Reject]
    read: int


@dataclass(frozen=True, slots=True)
class TruthTables:
    files: Sequence[File]
    told: Assignment
    reading: Reading

    def __iter__(self) -> Iterator[Some]:
        for piece in pieces(self.files, self.told.of):
            sheet = Sheet(piece, self.told, self.reading)
            event, scenario = sheet.ids("event_id"), sheet.needed(SCENARIO, ids.read)
            fraud = sheet.frauds(IS_FRAUD)
            sheet.refuse(~there(fraud), Reason.MISSING_FIELD, f"{IS_FRAUD} is empty")
            rows = pa.array(sheet.good)
            truths = truths_of(event.take(rows), fraud.take(rows), scenario.take(rows))
            yield Some(truths, sheet.rejects(), sheet.read_in_all)


def told(tables: TruthTables, rejects: Rejects) -> Truths:
    """All of them; raises Usage where too many are bad."""
    found, read = [], 0
    for some in tables:
        rejects.add(some.rejects)
        read += some.read
        found.append(some.truths)
    rejects.settle(read, "truths")
    return together(found)


def truths_of(event_id: pa.Array, fraud: pa.Array, scenario: pa.Array) -> Truths:
    codes = scenario.dictionary_encode()
    names = np.array([*codes.dictionary.to_pylist(), ""], np.object_)
    at = codes.indices.fill_null(len(names) - 1).to_numpy(zero_copy_only=False)
    return Truths(hash_strings(event_id), np.asarray(fraud.to_numpy(zero_copy_only=False), np.bool_), names[at])


def together(parts: Iterable[Truths]) -> Truths:
    """Of an event that is there twice, the first."""
    held = list(parts)
    if not held:
        return Truths(np.zeros(0, np.uint64), np.zeros(0, np.bool_), np.zeros(0, np.object_))
    event, fraud, scenario = (np.concatenate(column) for column in zip(*held, strict=True))
    _, first = np.unique(event, return_index=True)
    return Truths(event[first], fraud[first], scenario[first])
