"""What a client tells its error callback, which runs inside our own calls to that client.

Some ends are told there alone: the call itself only times out, or says that something fatal happened before.
"""

from typing import TYPE_CHECKING, Any

import structlog

from consumer.faults import ending

if TYPE_CHECKING:
    from schemas.errors import FraudstreamError

log = structlog.get_logger(__name__)


class Trouble:
    """`heard` is true since the last `clear`; `end` is what the process must end with, once it was told so."""

    def __init__(self, client: str) -> None:
        self._client = client
        self.heard = False
        self.end: FraudstreamError | None = None

    def __call__(self, error: Any) -> None:  # noqa: ANN401 the client's error type
        self.heard = True
        self.end = self.end or ending(error)
        log.warning("client.trouble", client=self._client, error=error.name(), detail=error.str())

    def clear(self) -> None:
        self.heard = False
