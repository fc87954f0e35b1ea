"""Follows the registry while the door is open: what a reference names from now on answers from the next request on.

A thread looks at the ledger's file, and only where that changed into it. What is new is loaded and checked beside the
answering. What cannot be used, or cannot be reached, changes nothing: the old one goes on answering, and the new one is
tried again when the ledger changes, or after a while.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from models.registry.ledger import FILE
from models.registry.registry import Registry, Resolved
from schemas.errors import FraudstreamError
from serving import metrics
from serving.door.live import Live
from serving.door.model import Model

TRY_AGAIN_S: Final = 60.0
CLOSE_S: Final = 5.0

Find = Callable[[], Resolved | None]
"""What is named now; None where nothing is, and nothing has to be."""
Load = Callable[[Resolved], Model]
Ledger = tuple[int, int, int] | None

log = structlog.get_logger(__name__)


class Watch:
    """`look` is the thread's; without `follow` it is the caller's."""

    def __init__(
        self,
        registry: Registry,
        reference: str,
        load: Load,
        *,
        every_s: float,
        find: Find | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry, self._load = registry, load
        self._find = find or partial(registry.resolve, reference)
        self._every_s, self._clock = every_s, clock
        self._seen: Ledger = None
        self._failed_at: float | None = None
        self._failure = ""

    @contextmanager
    def follow(self, live: Live) -> Iterator[None]:
        stop = threading.Event()

        def run() -> None:
            while not stop.wait(self._every_s):
                self.look(live)

        thread = threading.Thread(target=run, name="registry", daemon=True)
        if self._every_s:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            if thread.ident is not None:
                thread.join(CLOSE_S)

    def look(self, live: Live) -> None:
        """Never raises."""
        try:
            ledger = self._ledger(needed=live.model is not None)
            if ledger != self._seen or self._due():
                self._seen = ledger
                self._try(live)
        except Exception as error:  # noqa: BLE001 - whatever a registry does, the door stays open
            self._fail(error, live)

    def _ledger(self, *, needed: bool) -> Ledger:
        try:
            found = Path(self._registry.root, FILE).stat()
        except FileNotFoundError:
            if needed:
                raise
            return None  # nothing was ever registered
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _due(self) -> bool:
        return self._failed_at is not None and self._clock() - self._failed_at >= TRY_AGAIN_S

    def _try(self, live: Live) -> None:
        resolved, before = self._find(), live.model
        if resolved is not None and not (before and _is(before, resolved)):
            found = self._load(resolved)
            live.replace(found)
            metrics.MODEL_RELOADS.labels("loaded").inc()
            log.info("model.switched", before=_name(before), model=_name(found))
        self._failed_at, self._failure = None, ""

    def _fail(self, error: Exception, live: Live) -> None:
        self._failed_at = self._clock()
        said = error.message if isinstance(error, FraudstreamError) else type(error).__name__
        metrics.MODEL_RELOADS.labels("failed").inc()
        if said != self._failure:
            self._failure = said
            log.warning("model.not_switched", why=said, still=_name(live.model))


def _is(model: Model, resolved: Resolved) -> bool:
    return resolved.name == model.ref.name and str(resolved.version) == model.ref.version


def _name(model: Model | None) -> str:
    return str(model.ref) if model else "none"
