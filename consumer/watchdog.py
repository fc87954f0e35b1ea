"""A call that may hang for ever does not: the process ends with exit code 75 and the supervisor starts another.

`send_offsets_to_transaction` has been seen to hang after a broker failure, deaf to its own timeout; no exception and
no signal handler gets a thread out of there.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from schemas.errors import RestartMe

TICK_S: Final = 0.1


class Watchdog:
    """`say` gets the last words before the end; it must not block."""

    def __init__(self, say: Callable[[str], None], end: Callable[[int], None] = os._exit) -> None:
        self._say = say
        self._end = end
        self._call: tuple[str, float] | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    @contextmanager
    def guard(self, call: str, seconds: float) -> Iterator[None]:
        self._call = (call, time.monotonic() + seconds)
        try:
            yield
        finally:
            self._call = None

    def close(self) -> None:
        self._closed.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._closed.wait(TICK_S):
            call = self._call
            if call and time.monotonic() > call[1]:
                self._say(f"{call[0]} hung")
                self._end(RestartMe.exit_code)
                return
