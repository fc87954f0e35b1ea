"""Moves simulated records to the present, so that an event keeps its time in a redelivery and in its verdicts."""

from dataclasses import replace
from typing import Final

import numpy as np

from producer.aligned import Integers
from producer.arrival import MOST_TRANSPORT_MS, Deliveries
from producer.labels import Verdicts

BLOCK: Final = 1 << 16


class Clock:
    """Remembers the event time of every event it has moved, eight bytes for each."""

    def __init__(self) -> None:
        self._blocks: dict[int, Integers] = {}

    def moved(self, deliveries: Deliveries, verdicts: Verdicts, now_ms: int) -> tuple[Deliveries, Verdicts]:
        firsts = deliveries.take(~deliveries.again)
        delay = firsts.arrival - firsts.time
        late = np.where(delay > MOST_TRANSPORT_MS, delay, 0)
        self._keep(firsts.number, firsts.event_time - firsts.time + now_ms - late)
        return (
            replace(
                deliveries,
                event_time=self._times(deliveries.number),
                arrival=np.full(len(deliveries), now_ms),
            ),
            replace(verdicts, event_time=self._times(verdicts.number), known=np.full(len(verdicts), now_ms)),
        )

    def _keep(self, numbers: Integers, times: Integers) -> None:
        for block, at in _by_block(numbers):
            self._blocks.setdefault(block, np.zeros(BLOCK, np.int64))[numbers[at] % BLOCK] = times[at]

    def _times(self, numbers: Integers) -> Integers:
        found = np.zeros(len(numbers), np.int64)
        for block, at in _by_block(numbers):
            found[at] = self._blocks[block][numbers[at] % BLOCK]
        return found


def _by_block(numbers: Integers) -> list[tuple[int, Integers]]:
    blocks = numbers // BLOCK
    return [(int(each), np.flatnonzero(blocks == each)) for each in np.unique(blocks)]
