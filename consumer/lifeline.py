"""One socket between supervisor and worker: its end tells the worker to finish, and carries the worker's last words."""

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from schemas.errors import Fenced, FraudstreamError


class Lifeline:
    """The worker's end. Without a supervisor there is none, and nobody listens."""

    def __init__(self, descriptor: int | None, gone: Callable[[str], None]) -> None:
        self._socket = None if descriptor is None else socket.socket(fileno=descriptor)
        if self._socket:
            threading.Thread(target=_listen, args=(self._socket, gone), name="lifeline", daemon=True).start()

    def last_words(self, why: str, *, fenced: bool = False) -> None:
        if self._socket:
            with suppress(OSError):
                self._socket.sendall(json.dumps({"why": why, "fenced": fenced}).encode() + b"\n")

    def died_of(self, error: FraudstreamError) -> None:
        self.last_words(error.message, fenced=isinstance(error, Fenced))


def _listen(line: socket.socket, gone: Callable[[str], None]) -> None:
    if not line.recv(1):
        gone("the supervisor went away")
