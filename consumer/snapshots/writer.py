"""Writes snapshots beside the scoring: handing one over takes no time, and no failure of a store reaches the loop.

One is written at a time, the others wait: at most one of each partition, as a newer one replaces the one that waits.
What fails is counted and told, its older snapshots stay, and the next one comes when it is due.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

import structlog

from consumer.metrics import DEGRADED, SNAPSHOT_BYTES, SNAPSHOT_SECONDS, SNAPSHOT_TIME, SNAPSHOTS, SNAPSHOTS_FAILING
from consumer.snapshots.file import made
from consumer.snapshots.header import Header, Taken
from consumer.snapshots.names import Name
from consumer.snapshots.retention import Keep, prune
from consumer.snapshots.store import Store
from models.cards.extract import Arrays

CLOSE_S: Final = 15.0
"""How long the end of a worker waits for its last snapshots."""

log = structlog.get_logger(__name__)


def written(store: Store, taken: Taken, arrays: Arrays, now_ms: int) -> tuple[Name, Header]:
    """A record that claims to be of the future must not make a day of its own."""
    taken = taken.model_copy(update={"log_ms": min(taken.log_ms, now_ms)})
    header, pieces = made(taken, arrays, now_ms)
    name = Name.of(header)
    store.write(name, pieces)
    return name, header


class Writer:
    def __init__(self, store: Store, keep: Keep, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._keep = keep
        self._now = now
        self._waiting: dict[int, tuple[Taken, Arrays]] = {}
        self._writing = False
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="snapshots", daemon=True)
        self._thread.start()

    @property
    def idle(self) -> bool:
        """Nothing is being written and nothing waits: the moment to take the next one."""
        with self._changed:
            return not self._writing and not self._waiting

    def hand_over(self, taken: Taken, arrays: Arrays) -> None:
        """The arrays are the writer's from now on. After `close` nothing is taken any more."""
        with self._changed:
            if self._closing:
                return
            if self._waiting.pop(taken.partition, None):
                SNAPSHOTS.labels("replaced").inc()
            self._waiting[taken.partition] = (taken, arrays)
            self._changed.notify_all()

    def close(self, timeout: float = CLOSE_S) -> bool:
        """Finishes what waits; false if that took longer. What is half written then was never there."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout)
        if self._thread.is_alive():
            log.warning("snapshots.unfinished", waiting=sorted(self._waiting))
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (job := self._next()) is not None:
            self._write(*job)
            del job

    def _next(self) -> tuple[Taken, Arrays] | None:
        with self._changed:
            self._writing = False
            while not self._waiting:
                if self._closing:
                    return None
                self._changed.wait()
            self._writing = True
            return self._waiting.pop(next(iter(self._waiting)))

    def _write(self, taken: Taken, arrays: Arrays) -> None:
        start, partition = time.perf_counter(), taken.partition
        try:
            name, header = written(self._store, taken, arrays, int(self._now() * 1000))
        except Exception as error:  # noqa: BLE001 - whatever a store does, scoring goes on
            SNAPSHOTS.labels("failed").inc()
            DEGRADED.labels(SNAPSHOTS_FAILING).set(1)
            log.warning("snapshot.failed", partition=partition, offset=taken.offset, error=str(error) or repr(error))
            return
        seconds = time.perf_counter() - start
        SNAPSHOTS.labels("written").inc()
        DEGRADED.labels(SNAPSHOTS_FAILING).set(0)
        SNAPSHOT_SECONDS.observe(seconds)
        SNAPSHOT_BYTES.labels(str(partition)).set(header.length)
        SNAPSHOT_TIME.labels(str(partition)).set(header.made_at_ms / 1000)
        log.info("snapshot.written", snapshot=str(name), cards=header.cards, seconds=round(seconds, 3))
        self._prune(name)

    def _prune(self, written: Name) -> None:
        try:
            self._store.sweep(written.partition)
            prune(self._store, written.partition, self._keep, sure=written)
        except Exception as error:  # noqa: BLE001 - too many snapshots are no reason to stop
            log.warning("snapshots.not_pruned", partition=written.partition, error=str(error) or repr(error))
