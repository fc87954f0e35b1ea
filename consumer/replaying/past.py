"""A stretch of the input seen again: every accepted row with what was known of it then, lot by lot, memory bounded.

The state of the cards comes first, silently; then each lot is decoded, cut where another epoch begins, folded, and
looked up in the labels that its epoch knew. How lots are cut cannot be seen in the outcome.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from consumer.replaying.archive import Archive
from consumer.replaying.cards import Start
from consumer.replaying.epochs import NO_EPOCH, Epoch, Epochs
from consumer.replaying.log import ROWS
from consumer.replaying.stretch import Stretch
from models.memory import Memory, Sight
from schemas.lot import Refusal


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Rows of a lot that are of one epoch, None where nothing was decided yet."""

    rows: pa.RecordBatch
    sight: Sight
    epoch: Epoch | None
    cold: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A lot; `below` is the offset after it, `refused` are the records that cannot be scored, by offset."""

    below: int
    parts: list[Part]
    refused: Mapping[int, Refusal]


Named = Callable[[int], Mapping[int, int]]
"""For the records below an offset: which epochs, by their first offsets, decisions name that were published on them."""


class Past:
    def __init__(self, archive: Archive, rows: int = ROWS) -> None:
        self._archive, self._rows = archive, rows

    def begin(self, stretch: Stretch) -> Start:
        """Has to come before `lots`: restores or folds what the cards had been through."""
        return self._archive.cards.begin(stretch.partition, stretch.start)

    def lots(self, stretch: Stretch, epochs: Epochs, named: Named = lambda _: {}) -> Iterator[Seen]:
        """Where epochs go back, a decision is believed which one it is of."""
        for lot, raw in self._archive.cards.lots(stretch.partition, stretch.start, stretch.end, self._rows):
            below = int(raw.offset[-1]) + 1
            says = named(below)
            firsts = _firsts(epochs, lot.rows["offset"].to_numpy(), says)
            edges = [0, *(np.flatnonzero(np.diff(firsts)) + 1).tolist(), len(firsts)]
            parts = [
                self._part(lot.rows.slice(start, end - start), epochs.named(int(firsts[start])))
                for start, end in pairwise(edges)
                if end > start
            ]
            yield Seen(below, parts, {int(raw.offset[each.row]): each for each in lot.refusals})

    def _part(self, rows: pa.RecordBatch, epoch: Epoch | None) -> Part:
        archive = self._archive
        labels = archive.verdicts.known(epoch.label_offsets if epoch else None)
        sight = Memory(archive.cards.book, labels, archive.bank.places).see(rows)
        return Part(rows, sight, epoch, archive.cards.cold(sight.at))


def _firsts(epochs: Epochs, offsets: NDArray[np.int64], named: Mapping[int, int]) -> NDArray[np.int64]:
    """By row, the name of its epoch."""
    found = epochs.names_at(offsets)
    for row in range(len(offsets)) if epochs.goes_back else ():
        said = named.get(int(offsets[row]), NO_EPOCH)
        if said <= offsets[row] and epochs.named(said) is not None:
            found[row] = said
    return found
