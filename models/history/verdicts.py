"""What was said of each row, as of any moment: the label in force, or that none was known yet."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.hashing import Hashes
from models.labels import LabelColumns, LabelParams

Integers = NDArray[np.int64]
Said = NDArray[np.int8]

UNKNOWN, GENUINE, FRAUD = -1, 0, 1
EVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """Labels of the rows of a table, sorted by row and then by when they were given: the last one stands."""

    rows: int
    row: Integers
    step: Integers
    """From which the label counts."""
    fraud: NDArray[np.bool_]
    step_ms: int

    @classmethod
    def of(cls, events: Hashes, labels: LabelColumns, params: LabelParams) -> "Verdicts":
        """`events` are the rows, each event once; labels of others are left out."""
        order = np.argsort(events, kind="stable")
        at = np.minimum(np.searchsorted(events[order], labels.event), max(len(events) - 1, 0))
        known = np.flatnonzero(events[order][at] == labels.event) if len(events) else np.zeros(0, np.int64)
        row, given = order[at[known]], labels.take(known)
        step = params.effects(given.known_at, given.event_time)
        sequence = np.lexsort((given.offset, given.partition, given.known_at, row))
        return cls(len(events), row[sequence], step[sequence], given.is_fraud[sequence], params.step_ms)

    def as_of(self, time_ms: int) -> Said:
        """By the labels that count at that time."""
        return self._said(self.step <= time_ms // self.step_ms)

    def final(self) -> Said:
        """By every label there is."""
        return self._said(np.ones(len(self.step), np.bool_))

    def known_from(self) -> Integers:
        """The first moment at which a row has a verdict, EVER where none came."""
        found = np.full(self.rows, EVER)
        np.minimum.at(found, self.row, self.step * self.step_ms)
        return found

    def _said(self, counts: NDArray[np.bool_]) -> Said:
        said = np.full(self.rows, UNKNOWN, np.int8)
        said[self.row[counts]] = self.fraud[counts]  # of equal rows the last one is kept
        return said
