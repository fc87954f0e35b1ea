"""Partitions that wait for a schema registry: each is left alone for a while, longer each time, and others go on."""

import time
from collections.abc import Callable, Collection
from typing import Final

import structlog

from consumer import metrics
from schemas.errors import RegistryAway

BACK_OFF_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)

log = structlog.get_logger(__name__)


class SchemaWaits:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tries: dict[int, int] = {}
        self._until: dict[int, float] = {}

    def away(self, away: RegistryAway, fetched: Collection[int]) -> None:
        """Of those that were fetched, these cannot be read now; without names it may be any."""
        partitions = away.partitions or frozenset(fetched)
        now = self._clock()
        for each in partitions:
            tries = self._tries.get(each, 0)
            self._tries[each] = tries + 1
            self._until[each] = now + BACK_OFF_S[min(tries, len(BACK_OFF_S) - 1)]
        metrics.REGISTRY_WAITS.inc()
        log.warning("worker.registry_away", detail=away.message, partitions=sorted(partitions))

    def answered(self, fetched: Collection[int]) -> None:
        for each in self._tries.keys() & set(fetched):
            del self._tries[each], self._until[each]
            log.info("partition.goes_on", partition=each, after="schema registry")

    def waiting(self, ours: Collection[int]) -> frozenset[int]:
        """Those that are not to be read now. Whoever has the others by now asks anew."""
        now = self._clock()
        for each in self._tries.keys() - set(ours):
            del self._tries[each], self._until[each]
        found = frozenset(each for each, until in self._until.items() if until > now)
        metrics.PARTITIONS_STOPPED.labels("schema_registry").set(len(self._until))
        return found
