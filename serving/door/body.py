"""A request's body, within its limits: so many bytes, within such a time, and never more in memory than may wait."""

import asyncio
from typing import Final

from starlette.types import Message, Receive

from schemas.settings.serve import Serve
from serving import metrics
from serving.refusal import Refusal, too_many

FULL: Final = "more bytes wait to be read than may wait; try again"
SLOW: Final = "the body did not come in time"


class Gone(Exception):
    """The client went away; there is nobody to answer."""


class Bodies:
    """The bytes of all bodies that are in memory, those that are still coming included."""

    def __init__(self, settings: Serve) -> None:
        self._most, self._all, self._within_s = settings.body_bytes, settings.queue_bytes, settings.body_timeout_s
        self._held = 0

    async def read(self, receive: Receive, length: bytes | None) -> bytes:
        """Whoever reads one gives it back with `release`. Raises Refusal 413, 408 or 429, or Gone.

        What is said to be too large is not waited for, and nobody is told to go on sending it.
        """
        if length is not None and (not length.isdigit() or int(length[:20]) > self._most):
            raise self._too_large()
        parts: list[bytes] = []
        try:
            await self._parts(parts, receive)
        except BaseException:
            self._hold(-sum(map(len, parts)))
            raise
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def release(self, body: bytes) -> None:
        self._hold(-len(body))

    async def _parts(self, parts: list[bytes], receive: Receive) -> None:
        end = asyncio.get_running_loop().time() + self._within_s
        size, more = 0, True
        while more:
            message = await self._next(receive, end)
            part, more = message.get("body", b""), message.get("more_body", False)
            size += len(part)
            if size > self._most:
                raise self._too_large()
            if self._held and self._held + len(part) > self._all:
                raise too_many(FULL, close=more)
            self._hold(len(part))
            parts.append(part)

    def _hold(self, size: int) -> None:
        self._held += size
        metrics.QUEUE_BYTES.set(self._held)

    async def _next(self, receive: Receive, end: float) -> Message:
        try:
            async with asyncio.timeout_at(end):
                message = await receive()
        except TimeoutError:
            metrics.SLOW_CLIENTS.labels("body").inc()
            raise Refusal(408, SLOW, close=True) from None
        if message["type"] == "http.disconnect":
            raise Gone
        return message

    def _too_large(self) -> Refusal:
        return Refusal(413, f"the body has more than {self._most} bytes; send its rows in several", close=True)
