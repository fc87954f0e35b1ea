"""Raw transactions of a file through the stream's own memory and decider: what their cards did before, and the verdicts
that were known by then, are in every score.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from batch.predicting.rejects import Reject
from batch.predicting.ways import PREDICTION, SCORE, Answer
from models.policy import Outcome
from models.predicting.transactions import Decided, Fold
from schemas.lot.table import Refusal
from schemas.tables import Format, Lying, pieces
from schemas.tables.table import BadTable, Column, Kind, Table, TooSmall

KEPT: Final = ("event_id", "event_time", "card_id", "customer_id", "terminal_id")
NEEDED: Final = ("event_id", "card_id")
NAMES: Final = (PREDICTION, SCORE, "raw_margin", "outcome", "reasons", "cold_state")
FIX: Final = "transactions have event_id, card_id and the other columns of the contract; amounts are in minor units"


@dataclass(frozen=True, slots=True)
class OfTransactions:
    """In their order, each one after those before it. `fold` has learned the verdicts and seen the history."""

    fold: Fold

    @property
    def names(self) -> Sequence[str]:
        return NAMES

    def beside(self, table: Table) -> list[int]:
        names = table.names or ()
        if missing := [each for each in NEEDED if each not in names]:
            raise BadTable(f"there is no column {', '.join(missing)}", fix=FIX)
        return [names.index(each) for each in KEPT if each in names]

    def answer(self, table: Table) -> Answer:
        if not table.rows:
            empty = _columns(self.fold.decide([]))
            return Answer(np.zeros(0, np.int64), empty, ())
        decided = self.fold.decide(_rows(table), text=_is_text(table))
        refused = [_reject(each, int(table.numbers[each.row])) for each in decided.lot.refusals]
        return Answer(decided.lot.index, _columns(decided), refused)


@dataclass(frozen=True, slots=True)
class Learned:
    """How many rows of a file came in, and those that could not be used."""

    rows: int
    refused: int


def learn(fold: Fold, source: Lying, form: Format) -> Learned:
    """All verdicts of a file, before any transaction is decided."""
    return _all(source, form, lambda rows, text: len(fold.learn(rows, text=text).refusals))


def remember(fold: Fold, source: Lying, form: Format) -> Learned:
    """What the cards had been through before, in the order of the file."""
    return _all(source, form, lambda rows, text: len(fold.remember(rows, text=text).refusals))


def _all(source: Lying, form: Format, take: Any) -> Learned:  # noqa: ANN401 - of rows, and whether they are text
    read = refused = 0
    for table in pieces(source, form):
        read += table.read
        refused += len(table.bad)
        if table.rows:
            refused += take(list(_rows(table)), _is_text(table))
    return Learned(read, refused)


def _is_text(table: Table) -> bool:
    return any(each.kind is Kind.TEXT for each in table.columns)


def _rows(table: Table) -> Iterator[Mapping[str, object]]:
    """In text, nothing is an empty cell; elsewhere what is null is as good as not there. Numbers are as the stream has
    them.
    """
    names = table.names or tuple(str(place) for place in range(len(table.columns)))
    cells = zip(*map(_cells, table.columns), strict=True)
    if _is_text(table):
        return ({name: "" if cell is None else cell for name, cell in zip(names, row, strict=True)} for row in cells)
    return ({name: cell for name, cell in zip(names, row, strict=True) if cell is not None} for row in cells)


def _cells(column: Column) -> Sequence[object]:
    if column.kind is Kind.JSON:
        return [float(str(each)) if isinstance(each, TooSmall) else each for each in column.cells]
    cells = column.cells
    if pa.types.is_timestamp(cells.type):
        cells = cells.cast(pa.timestamp("ms"), safe=False).cast(pa.int64())
    return list(cells.to_pylist())


def _columns(decided: Decided) -> dict[str, pa.Array]:
    said = decided.decisions
    reasons = [" ".join(said.reasons(row)) for row in range(len(decided))]
    outcomes = pa.array([each.symbol for each in Outcome])
    return {
        PREDICTION: pa.array((said.raw_margin > 0).astype(np.int64)),
        SCORE: pa.array(said.score, pa.float64()),
        "raw_margin": pa.array(said.raw_margin, pa.float64()),
        "outcome": outcomes.take(pa.array(said.outcome, pa.int64())),
        "reasons": pa.array(reasons, pa.string()),
        "cold_state": pa.array(decided.cold, pa.bool_()),
    }


def _reject(refusal: Refusal, row: int) -> Reject:
    return Reject(row, None, str(refusal.reason), refusal.detail)
