"""Server-sent events for one viewer, until it goes or the server ends.

Nothing is queued for a viewer that reads slowly; one that stops reading is ended by the limit of time that the server
has for taking an answer.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from serving.page.live import Live, Told

STEP_S: Final = 0.25
HEARTBEAT_S: Final = 10.0
RETRY_MS: Final = 2_000
HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}


Ending = Callable[[], bool]


class Seats:
    """So many viewers at once."""

    def __init__(self, most: int) -> None:
        self._free = most

    def take(self) -> bool:
        if self._free <= 0:
            return False
        self._free -= 1
        return True

    def leave(self) -> None:
        self._free += 1


class EventStream(Response):
    """Holds a seat from when it is made. `ending` is asked all the time: no server waits for its viewers."""

    media_type = "text/event-stream"

    def __init__(self, live: Live, seats: Seats, last: str, ending: Ending) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._seats = seats
        self._chunks = _chunks(live, last, ending)

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        work = [asyncio.ensure_future(each) for each in (self._send(send), _gone(receive))]
        try:
            await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._seats.leave()
            for each in work:
                each.cancel()
                with suppress(asyncio.CancelledError, OSError):
                    await each

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for chunk in self._chunks:
            body = {"type": "http.response.body", "body": chunk, "more_body": True}
            await send(body)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _chunks(live: Live, last: str, ending: Ending) -> AsyncIterator[bytes]:
    seen, quiet = live.resume(last), 0.0
    yield f"retry: {RETRY_MS}\n\n".encode()
    while not ending():
        told, seen = live.look(seen)
        if told:
            yield b"".join(map(_as_bytes, told))
        elif quiet >= HEARTBEAT_S:
            yield b": still here\n\n"
        quiet = 0.0 if told or quiet >= HEARTBEAT_S else quiet + STEP_S
        await asyncio.sleep(STEP_S)


def _as_bytes(told: Told) -> bytes:
    """The data is JSON, which has no line breaks."""
    number = f"id: {told.id}\n" if told.id else ""
    return f"event: {told.event}\n{number}data: {told.data}\n\n".encode()
