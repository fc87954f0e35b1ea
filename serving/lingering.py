"""An end of a connection that takes no answer from a client that still sends: what comes is thrown away for a while.

Closing at once on bytes that were not read would reset the connection, and the answer with it.
"""

import asyncio
from typing import Final

LINGER_S: Final = 5.0
QUIET_S: Final = 1.0
"""Nothing that came for so long is the end, too."""


class Lingering:
    """Nothing is sent any more. At most so many bytes, for at most so long, and as long as they come."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, most: int) -> None:
        self._transport, self._loop, self._left = transport, loop, most
        self._end = loop.time() + LINGER_S
        if transport.can_write_eof():
            transport.write_eof()
        self._timer = self._soon()

    def thrown(self, size: int) -> None:
        self._left -= size
        self.stop()
        if self._left < 0:
            self._transport.abort()
        else:
            self._timer = self._soon()

    def stop(self) -> None:
        self._timer.cancel()

    def _soon(self) -> asyncio.TimerHandle:
        return self._loop.call_at(min(self._loop.time() + QUIET_S, self._end), self._transport.close)
