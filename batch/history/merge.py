"""Partitions as one sequence in order of arrival, each in the order of its own log; memory holds a chunk of each.

A row counts as arriving no earlier than those before it in its partition. Of rows that arrived at once the lower
partition comes first. How the chunks are cut cannot be seen in the order.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batch.history.pieces import ROWS
from schemas.lot.buffers import numbers

Integers = NDArray[np.int64]
Lots = Iterator[pa.RecordBatch]

EVER: Final = np.iinfo(np.int64).max
NEVER: Final = np.iinfo(np.int64).min


def in_order(partitions: Mapping[int, Lots]) -> Lots:
    streams = [_Stream(partitions[number]) for number in sorted(partitions)]
    while True:
        horizon = min((each.reaches for each in streams), default=EVER)
        for each in streams:
            if not each.ended and each.reaches == horizon:
                each.read_on()
        horizon = min((each.reaches for each in streams), default=EVER)
        yield from _merged([each.before(horizon) for each in streams])
        if horizon == EVER:
            return


class _Stream:
    """What was read of a partition and not handed out yet."""

    def __init__(self, lots: Lots) -> None:
        self.ended = False
        self._lots = lots
        self._held: list[tuple[pa.RecordBatch, Integers]] = []
        self._last = NEVER

    @property
    def reaches(self) -> int:
        """Everything that arrived before that moment has been read."""
        return EVER if self.ended else int(self._last)

    def read_on(self) -> None:
        rows = next(self._lots, None)
        if rows is None:
            self.ended = True
        elif rows.num_rows:
            arrivals = np.maximum(np.maximum.accumulate(numbers(rows["timestamp"])), self._last)
            self._last = int(arrivals[-1])
            self._held.append((rows, arrivals))

    def before(self, horizon: int) -> list[tuple[pa.RecordBatch, Integers]]:
        """Hands out what arrived before it; with EVER everything."""
        out, held = [], []
        for rows, arrivals in self._held:
            cut = len(arrivals) if horizon == EVER else int(np.searchsorted(arrivals, horizon))
            out += [(rows.slice(0, cut), arrivals[:cut])] if cut else []
            held += [(rows.slice(cut), arrivals[cut:])] if cut < len(arrivals) else []
        self._held = held
        return out


def _merged(parts: list[list[tuple[pa.RecordBatch, Integers]]]) -> Lots:
    held = [each for part in parts for each in part]
    if not held:
        return
    rows = pa.concat_batches([rows for rows, _ in held])
    order = np.argsort(np.concatenate([arrivals for _, arrivals in held]), kind="stable")
    for first in range(0, len(order), ROWS):
        yield rows.take(pa.array(order[first : first + ROWS]))
