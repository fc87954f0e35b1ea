"""Event numbers from a range that shrinks rather than letting more of them in than memory has room for."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.hashing import Hashes

TOP: Final = (1 << 64) - 1
NONE: Final = np.zeros(0, np.uint64)


class Held:
    """Each number once. `top` is the highest that is taken in still; whoever wants the rest asks again from there."""

    def __init__(self, low: int, top: int, most: int) -> None:
        self.low, self.top = low, top
        self._most = max(most, 2)
        self._settled, self._new, self._waiting = NONE, [NONE], 0

    def add(self, numbers: Hashes) -> None:
        inside = numbers[(numbers >= np.uint64(self.low)) & (numbers <= np.uint64(self.top))]
        self._new.append(inside)
        self._waiting += len(inside)
        if self._waiting > self._most // 2:
            self._settle()

    def sorted(self) -> Hashes:
        self._settle()
        return self._settled

    def _settle(self) -> None:
        whole = np.unique(np.concatenate([self._settled, *self._new]))
        while len(whole) > self._most:
            whole = whole[: len(whole) // 2]
            self.top = int(whole[-1])
        self._settled, self._new, self._waiting = whole, [NONE], 0


def places(known: Hashes, asked: Hashes) -> NDArray[np.int64]:
    """Where each stands among those that are sorted; -1 for one that does not."""
    if not len(known):
        return np.full(len(asked), -1)
    at = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    return np.where(known[at] == asked, at, -1)
