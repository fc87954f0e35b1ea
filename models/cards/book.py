"""What is remembered of every card: lots go in, facts come out, and the book is that much older.

The facts on an event are a function of its partition's log up to that event. How rows are cut into lots, what else is
in the book and when a card that is gone leaves it cannot be seen in them.

    identity  a card is its id in one partition; an event is its time and its id among those of its card
    order     of the log; of equal times the first in the log is the first
    copy      same time and id as an entry: scored as of its place there without itself; not folded; REDELIVERED
    future    more than `future_ms` after the record's timestamp: scored as of that limit; not folded; FUTURE
    late      older than the newest folded event of the card: scored as of its own time among what is remembered, and
              folded there, unless it is 30 days older; LATE. What is remembered reaches `late_ms` further back than
              the longest window of the newest event.
    hot card  of more than `entries` the oldest is counted in its hour, as if it had happened when the hour began.
              Highest, median, outliers and copies look at the entries that are left; CAPPED while an hour is counted
    gone      a card equals one never seen once its partition's clock is `idle_ms` past its newest event. The clock is
              the latest time that 64 events of the partition in a row have passed, whatever their card, so a few
              wrong times never move it.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.cards.extract import Arrays, extract, insert
from models.cards.facts import CardFacts
from models.cards.habits import UNKNOWN, observe
from models.cards.intake import Intake, intake
from models.cards.layout import (
    ALWAYS,
    AT,
    BLOCK,
    CLOCK,
    CURSOR,
    FOUND_COLUMNS,
    FRESH,
    NEW_DEVICE,
    USED_CARDS,
    Bytes,
    Int32s,
    Ints,
)
from models.cards.shelf import Shelf
from models.cards.slots import evict, find
from models.cards.terms import Terms
from models.cards.windows import AHEAD, LANES, fold
from models.money import Money
from schemas.errors import Misconfigured
from schemas.lot.cells import Cells, cells


class CardBook:
    def __init__(self, terms: Terms | None = None, money: Money | None = None) -> None:
        self.terms = terms or Terms()
        self.money = money or Money()
        self._terms = self.terms.numbers()
        self._shelf = Shelf()
        self._when = np.zeros(self.terms.entries + 3 * BLOCK + LANES, np.int64)
        self._paid = np.zeros_like(self._when)
        self._walks = np.zeros((AHEAD, 3), np.int64)
        self._chain = np.zeros(self.terms.entries // BLOCK + 3, np.int32)

    def __len__(self) -> int:
        """Cards in the book, those among them that are gone and have not left yet."""
        return int(self._shelf.state[USED_CARDS])

    @property
    def nbytes(self) -> int:
        return self._shelf.nbytes

    def remember(self, rows: pa.RecordBatch) -> None:
        """The book has then seen all rows; that is cheaper than facts on them."""
        self._seen(rows, asked=False)

    def fold(self, rows: pa.RecordBatch) -> CardFacts:
        """The facts on each row as of its own time; the book has then seen all of them."""
        return self._seen(rows, asked=True)

    def _seen(self, rows: pa.RecordBatch, *, asked: bool) -> CardFacts:
        lot, size = cells(rows), rows.num_rows
        taken = intake(lot, size)
        amounts, foreign = (
            self.money.amounts(rows) if self.money.reference else (taken.amounts, np.zeros(size, np.bool_))
        )
        slots = self._slots(taken.cards.view(np.int64), taken.partitions, taken.last)
        found, kilometres = np.empty((size, FOUND_COLUMNS), np.int64), np.empty(size)
        marks, deeds = np.empty(size, np.uint32), np.empty(size, np.int8)
        self._fold(slots, lot, amounts, foreign, taken.ids, found, marks, deeds, asked=asked)
        self._remark(slots, taken, found, deeds, kilometres)
        self._evict(size)
        return CardFacts(
            taken.cards, found[:, AT].copy(), amounts, marks, found, kilometres, taken.terminals, rows, lot
        )

    def to_arrays(self, partition: int) -> dict[str, NDArray[Any]]:
        """All that the book knows of a partition; equal histories give equal arrays."""
        return extract(self._shelf, partition, self.terms.idle_ms)

    def from_arrays(self, partition: int, arrays: Arrays) -> None:
        """The partition is then as it was when those arrays were made, under the same terms."""
        if (arrays["counts"] > self.terms.entries).any():
            raise Misconfigured(
                f"the arrays have a card of more than {self.terms.entries} entries",
                fix="use them with the terms they were made under, or fold the log anew",
            )
        self.drop(partition)
        insert(self._shelf, partition, arrays)

    def drop(self, partition: int) -> None:
        """Forgets a partition and its clock."""
        shelf = self._shelf
        shelf.know(partition)
        shelf.clocks[partition + 1, CLOCK] = ALWAYS
        shelf.state[CURSOR] = 0
        self._evict(len(self))
        shelf.forget_clock(partition)

    def _slots(self, keys: Ints, partitions: Int32s, last: int) -> Int32s:
        shelf, done = self._shelf, 0
        slots = np.empty(len(keys), np.int32)
        shelf.know(last)
        while True:
            done = find(shelf.table, shelf.cards, shelf.rings, shelf.sides, shelf.state, keys, partitions, done, slots)
            if done == len(keys):
                return slots
            shelf.more_cards()

    def _fold(  # noqa: PLR0917
        self,
        slots: Int32s,
        lot: Cells,
        amounts: Ints,
        foreign: NDArray[np.bool_],
        ids: Ints,
        found: Ints,
        marks: NDArray[np.uint32],
        deeds: Bytes,
        *,
        asked: bool,
    ) -> None:
        shelf, done = self._shelf, 0
        while True:
            done = fold(
                shelf.cards,
                shelf.rings,
                shelf.entries,
                shelf.links,
                shelf.hours,
                shelf.state,
                shelf.clocks,
                self._terms,
                self._when,
                self._paid,
                self._chain,
                slots,
                lot,
                amounts,
                foreign,
                ids,
                asked,
                self._walks,
                done,
                found,
                marks,
                deeds,
            )
            if done == len(slots):
                return
            if shelf.out_of_blocks:
                shelf.more_blocks((len(slots) - done) // BLOCK)
            else:
                shelf.more_hours()

    def _remark(self, slots: Int32s, taken: Intake, found: Ints, deeds: Bytes, kilometres: NDArray[np.float64]) -> None:
        if taken.some or (deeds & FRESH).any():
            observe(self._shelf.sides, slots, found, deeds, taken.devices, taken.countries, taken.places, kilometres)
        else:
            found[:, NEW_DEVICE:], kilometres[:] = UNKNOWN, np.nan

    def _evict(self, budget: int) -> None:
        shelf = self._shelf
        evict(
            shelf.table,
            shelf.cards,
            shelf.rings,
            shelf.sides,
            shelf.links,
            shelf.hours,
            shelf.state,
            shelf.clocks,
            self.terms.idle_ms,
            budget,
        )
