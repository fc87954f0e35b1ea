"""Which partitions stand still, and why: paused by order, stopped because too many of their records were refused, or
waiting for the schema registry.

None loses a record: the partition stays with its worker and waits where it is. A stop is committed with the offset
it happened at, so that it holds after every restart, until an order names it.
"""

from collections.abc import Mapping
from typing import Final, Protocol

import structlog

from consumer.dead_letter_limits import decode, stop_of
from consumer.metrics import DEAD_LETTER_STOPS, DEAD_LETTERS_STOPPED, DEGRADED, PARTITIONS_STOPPED
from schemas.standing import Standing

RESUME: Final = 'once the cause is mended: fraudstream dlq resume {} --why "…"'

log = structlog.get_logger(__name__)


class Source(Protocol):
    @property
    def positions(self) -> Mapping[int, int]: ...

    @property
    def texts(self) -> Mapping[int, str]: ...

    def keep_still(self, partitions: frozenset[int]) -> None: ...


class Stops:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._paused: frozenset[int] = frozenset()
        self._stopped: dict[int, str] = {}
        self._seen_going: set[int] = set()
        self._skips: frozenset[tuple[int, int]] | None = None

    def keep(self, standing: Standing, waiting: frozenset[int] = frozenset()) -> None:
        """Between lots: what is to stand still does, what waits too, and everything else goes on."""
        texts = self._source.texts
        stopped = {each: stop for each, text in texts.items() if (stop := stop_of(text, each, standing))}
        paused = frozenset(standing.paused.keys() & texts.keys())
        self._source.keep_still(frozenset(stopped) | standing.paused.keys() | waiting)
        if stopped != self._stopped or paused != self._paused:
            self._tell(stopped, paused)
            self._stopped, self._paused = stopped, paused
        self._seen_going = (self._seen_going | texts.keys()) & texts.keys() - stopped.keys()
        self._tell_late(frozenset(standing.skipped))

    def _tell_late(self, skips: frozenset[tuple[int, int]]) -> None:
        """Skips that came while the worker runs, of records that it had decided already."""
        positions = self._source.positions
        for partition, offset in sorted(skips - (skips if self._skips is None else self._skips)):
            if offset < positions.get(partition, 0):
                log.warning("order.too_late", partition=partition, offset=offset, position=positions[partition])
        self._skips = skips

    def _tell(self, stopped: dict[int, str], paused: frozenset[int]) -> None:
        for partition, stop in stopped.items():
            if self._stopped.get(partition) != stop:
                DEAD_LETTER_STOPS.inc(partition in self._seen_going)
                counters = decode(self._source.texts[partition])
                refused, seen = (
                    sum(counters.refused),
                    counters.seen + counters.block * max(len(counters.refused) - 1, 0),
                )
                log.error(
                    "partition.stopped",
                    partition=partition,
                    stop=stop,
                    in_a_row=counters.consecutive,
                    refused=refused,
                    of=seen,
                    fix=RESUME.format(partition),
                )
        for partition in self._stopped.keys() - stopped.keys():
            log.info("partition.goes_on", partition=partition, after="dead letters")
        for partition in sorted(paused - self._paused):
            log.warning("partition.paused", partition=partition)
        for partition in sorted(self._paused - paused):
            log.info("partition.goes_on", partition=partition, after="pause")
        PARTITIONS_STOPPED.labels("dead_letters").set(len(stopped))
        PARTITIONS_STOPPED.labels("paused").set(len(paused))
        DEGRADED.labels(DEAD_LETTERS_STOPPED).set(bool(stopped))
