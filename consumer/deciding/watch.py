"""Follows the registry while lots are scored: what became live there decides from the next lot on.

A thread looks at the ledger's file, and only where that changed into it. What is new is believed and made warm beside
the scoring; the loop takes it between two lots. What cannot be used, or cannot be reached, changes nothing: the old
one goes on deciding, and the new one is tried again when the ledger changes, or after a while.
"""

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from pathlib import Path
from typing import Final

import structlog

from consumer import metrics
from consumer.deciding.live import chosen, name_of
from models.decide import Decider
from models.minds import Mind
from models.registry.ledger import FILE
from schemas.errors import FraudstreamError
from schemas.settings import Settings

TRY_AGAIN_S: Final = 60.0
"""What failed without a change of the ledger may have been a disk that came back."""
CLOSE_S: Final = 5.0
UNSEEN: Final = "unseen"
AWAY: Final = "away"

Ledger = tuple[int, int, int] | None
Choose = Callable[[Settings, Mind | None], Decider]

log = structlog.get_logger(__name__)


class Watch:
    """`first` is what decides when the loop begins. `look` is the thread's; without `start` it is the caller's."""

    def __init__(
        self,
        settings: Settings,
        first: Decider,
        *,
        choose: Choose = chosen,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._choose, self._clock = settings, choose, clock
        self._in_use = self._ready = first
        self._swap = threading.Lock()
        self._seen: Ledger | str = UNSEEN
        self._failed_at: float | None = None
        self._failure = ""
        self._stop = threading.Event()
        within = copy_context()  # log lines of the thread name the worker, too
        self._thread = threading.Thread(target=within.run, args=(self._run,), name="registry", daemon=True)

    def start(self) -> None:
        """Shows what decides; follows nothing where the settings say never."""
        show(self._in_use)
        if self._settings.models.check_every_s:
            self._thread.start()

    def newest(self) -> Decider | None:
        """What decides from now on; None: what did so far. For between two lots: it counts as in use then."""
        with self._swap:
            if self._ready is self._in_use:
                return None
            before, self._in_use = self._in_use, self._ready
        log.info("decider.switched", before=name_of(before), model=name_of(self._in_use), policy=self._in_use.policy)
        show(self._in_use)
        return self._in_use

    def current(self) -> Decider:
        """What decides the lot that is computed next."""
        self.newest()
        return self._in_use

    def close(self) -> None:
        """Does not wait for a disk that stands still: the thread ends with the process."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(CLOSE_S)

    def look(self) -> None:
        """Never raises; what it finds is there for `newest` when it returns."""
        try:
            ledger = self._stat()
        except (OSError, RuntimeError) as error:
            self._seen = AWAY
            self._fail(error)
            return
        if ledger != self._seen or self._due():
            self._seen = ledger
            if ledger is not None:
                self._try()

    def _run(self) -> None:
        while not self._stop.wait(self._settings.models.check_every_s):
            self.look()

    def _stat(self) -> Ledger:
        """Another one for every entry. Raises where it was there and is not: nothing is taken back by losing it."""
        try:
            found = Path(self._settings.models.root.expanduser(), FILE).stat()
        except (OSError, RuntimeError):
            if self._ready.named is None and self._seen in (UNSEEN, None):
                return None
            raise
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _due(self) -> bool:
        return self._failed_at is not None and self._clock() - self._failed_at >= TRY_AGAIN_S

    def _try(self) -> None:
        try:
            found = self._choose(self._settings, self._ready.mind)
        except Exception as error:  # noqa: BLE001 - whatever a registry does, scoring goes on
            self._fail(error)
            return
        self._failed_at, self._failure = None, ""
        metrics.DEGRADED.labels(metrics.RELOAD_FAILED).set(0)
        if _said(found) == _said(self._ready):
            return
        with self._swap:
            self._ready = self._in_use if _said(found) == _said(self._in_use) else found
        metrics.RELOADS.labels("loaded").inc()
        log.info("decider.loaded", model=name_of(found), policy=found.policy)

    def _fail(self, error: Exception) -> None:
        said = error.message if isinstance(error, FraudstreamError) else f"{type(error).__name__}: {error}"
        self._failed_at = self._clock()
        metrics.RELOADS.labels("failed").inc()
        metrics.DEGRADED.labels(metrics.RELOAD_FAILED).set(1)
        if said != self._failure:
            self._failure = said
            log.warning("reload.failed", why=said, still=name_of(self._ready), policy=self._ready.policy)


def show(decider: Decider) -> None:
    """What decides, as a metric."""
    model = decider.model
    metrics.MODEL_INFO.clear()
    metrics.MODEL_INFO.labels(model.name, model.version, model.digest, decider.policy).set(1)


def _said(decider: Decider) -> tuple[object, str]:
    """All that decides: two that say the same decide alike."""
    return decider.model, decider.policy
