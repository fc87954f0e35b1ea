"""Customers that were asked for, by number: what they scored, or that the generation does not have them."""

from typing import Final

import numpy as np

from models.churn.packed import UNKNOWN, Found, Packed
from models.hashing import Hashes
from schemas.churn import SCALE

NOBODY: Final = SCALE + 1
"""In place of a score: the generation does not have that customer."""


class Remembered:
    def __init__(self) -> None:
        self._known = Packed(np.empty(0, np.uint64), np.empty(0, np.uint32))

    def __len__(self) -> int:
        return len(self._known)

    def look_up(self, asked: Hashes) -> Found:
        """UNKNOWN was never asked for, NOBODY was."""
        return self._known.look_up(asked)

    def add(self, numbers: Hashes, scores: Found) -> None:
        """New ones; NOBODY and UNKNOWN both are nobody."""
        numbers, first = np.unique(numbers, return_index=True)
        told = np.where(scores == UNKNOWN, NOBODY, scores)[first].astype(np.uint32)
        known = self._known
        places = np.searchsorted(known.numbers, numbers)
        self._known = Packed(np.insert(known.numbers, places, numbers), np.insert(known.scores, places, told))
