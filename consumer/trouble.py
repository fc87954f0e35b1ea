"""What a client tells its error callback, which runs inside our own calls to that client.

Some ends are told there alone: the call itself only times out, or says that something fatal happened before.
"""

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

import structlog

from consumer.faults import ending

if TYPE_CHECKING:
    from schemas.errors import FraudstreamError

EVERY_S: Final = 10.0
"""A broker that is away is reported with every try to reach it: one line per kind and so long is enough."""

log = structlog.get_logger(__name__)


class Trouble:
    """`heard` is true since the last `clear`; `end` is what the process must end with, once it was told so."""

    def __init__(self, client: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._said_at: dict[int, float] = {}
        self.heard = False
        self.end: FraudstreamError | None = None

    def __call__(self, error: Any) -> None:  # noqa: ANN401 the client's error type
        self.heard = True
        self.end = self.end or ending(error)
        now = self._clock()
        if now - self._said_at.get(error.code(), -EVERY_S) >= EVERY_S:
            self._said_at[error.code()] = now
            log.warning("client.trouble", client=self._client, error=error.name(), detail=error.str())

    def clear(self) -> None:
        self.heard = False


def raise_endings(messages: Iterable[Any]) -> None:
    """Of errors that came in the place of records, those that this process cannot go on with."""
    for message in messages:
        error = message.error()
        if error is None:
            continue
        if end := ending(error):
            raise end
        log.warning("source.error", error=error.name(), detail=error.str())
