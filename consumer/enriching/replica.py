"""Churn scores out of the host's copy of the whole generation: while it scores, nobody is asked for anything.

    beside the scoring   the pointer is read every second; where it moved, the generation is copied, compared with its
                         digest and mapped
    at the next lot      what is mapped by then holds for the whole lot

Whatever fails beside the scoring leaves the generation that is in use, says so, and is tried again. A worker that
starts while Redis is away uses the copy that its host has. Where there is no copy, as before the first one, on a disk
that takes none, and of generations that an older release published without chunks, customers are asked for lot by lot:
the same scores, so the same decisions.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from consumer import metrics
from consumer.enriching.copies import Busy, Copies
from consumer.enriching.enricher import Enricher
from consumer.enriching.lookups import NONE
from consumer.enriching.published import Published, named
from consumer.enriching.telling import Telling, said
from models.churn.packed import ENTRY_BYTES, Packed
from models.churn.volume import Volume
from models.churn.weighed import Basis, Churn, Times, weighed
from models.hashing import hash_strings
from schemas.churn import Meta

TRY_AGAIN_S: Final = 10.0
"""A generation that could not be copied is read again after so long, and at once when the pointer moves."""
START_S: Final = 3.0
"""How long the first lot waits for the first copy."""
CLOSE_S: Final = 3.0
NO_CHUNKS: Final = "it was published without chunks to copy: publish with this release"
BUSY_S: Final = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    meta: Meta
    basis: Basis
    packed: Packed


class Replica:
    """`look` is the thread's; without `start` it is the caller's."""

    def __init__(
        self,
        published: Published,
        copies: Copies,
        instead: Enricher,
        *,
        max_age_ms: int,
        check_every_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._published, self._copies, self._instead = published, copies, instead
        self._max_age_ms, self._check_every_s, self._clock = max_age_ms, check_every_s, clock
        self._telling = Telling()
        self._ready: Held | Enricher = instead
        self._published_once = False
        self._followed: str | None = None
        self._tried: str | None = None
        self._tried_at = 0.0
        self._looked, self._stop = threading.Event(), threading.Event()
        within = copy_context()  # log lines of the thread name the worker, too
        self._thread = threading.Thread(target=within.run, args=(self._run,), name="churn", daemon=True)

    def start(self) -> None:
        self._instead.start()
        self._thread.start()
        self._looked.wait(START_S)

    def look_up(self, customers: pa.Array, at: Times) -> Churn:
        held = self._ready
        if not isinstance(held, Held):
            return held.look_up(customers, at)
        return weighed(held.basis, held.packed.look_up(hash_strings(customers)), at, self._max_age_ms)

    @property
    def trouble(self) -> str:
        asking = self._instead.trouble if self._ready is self._instead else ""
        return self._telling.trouble or asking

    def close(self) -> None:
        """Does not wait for a server that stands still: the thread ends with the process."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(CLOSE_S)
        self._published.close()
        self._instead.close()

    def look(self) -> bool:
        """Never raises. False: another worker of the host is about to have the copy."""
        try:
            self._look()
        except Busy:
            self._tried = None
            return False
        except Exception as error:  # noqa: BLE001 - whatever a server or a disk does, scoring goes on
            metrics.CHURN_LOADS.labels("failed").inc()
            self._use_what_is_here()
            self._failed(said(error))
        return True

    def _run(self) -> None:
        settled = False
        while not self._stop.wait(self._check_every_s if settled else BUSY_S):
            settled = self.look()
            if settled:
                self._looked.set()

    def _look(self) -> None:
        tried, self._tried = self._tried, None  # whatever goes wrong with the pointer, what it says next is news
        pointer = self._published.pointer()
        if pointer is None:
            self._failed(NONE)
        elif pointer == self._followed:
            self._well()
        elif pointer != tried or self._clock() - self._tried_at >= TRY_AGAIN_S:
            self._tried, self._tried_at = pointer, self._clock()
            self._published_once = True
            self._follow(named(pointer))
            self._followed = pointer
            self._well()
        else:
            self._tried = tried

    def _follow(self, generation: str) -> None:
        started = self._clock()
        meta = self._published.meta(generation)
        if meta is None:
            self._telling.without_copy(generation, NO_CHUNKS)
            self._ready = self._instead
            return
        if isinstance(self._ready, Held) and self._ready.meta == meta:
            return
        volume, made = self._copies.take(meta, lambda: self._published.chunks(meta))
        seconds = self._clock() - started
        self._use(volume, "loaded" if made else "shared", seconds)
        self._copies.keep_only(meta)

    def _use(self, volume: Volume, how: str, seconds: float) -> None:
        meta, packed = volume.meta, volume.packed
        packed.look_up(np.zeros(1, np.uint64))  # compiles what the lots would wait for
        basis = Basis.of(meta.generation, meta.as_of, meta.mean)
        self._ready = Held(meta, basis, packed)
        metrics.CHURN_LOADS.labels(how).inc()
        metrics.CHURN_LOAD_SECONDS.observe(seconds)
        metrics.CHURN_COPY_BYTES.set(len(packed) * ENTRY_BYTES)
        published_s = meta.published_at.timestamp()
        self._telling.generation(
            meta.generation, basis.as_of_ms, published_s, by=how, rows=meta.rows, seconds=round(seconds, 3)
        )

    def _well(self) -> None:
        """Where it is asked for lot by lot, those who ask say how that goes."""
        if self._ready is not self._instead:
            self._telling.well()

    def _failed(self, why: str) -> None:
        """Nobody knows any more whether the pointer's name still means the same."""
        self._followed = None
        still = self._ready.basis.generation if isinstance(self._ready, Held) else None
        self._telling.failed(why, still)

    def _use_what_is_here(self) -> None:
        """Only before Redis ever answered: what it said last is better than what the disk has."""
        with suppress(OSError):
            if not (self._published_once or isinstance(self._ready, Held)) and (found := self._copies.newest()):
                self._use(found, "kept", 0.0)
