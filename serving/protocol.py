"""HTTP/1.1 of uvicorn, with an end to every wait: for headers, for the next request, for a client to take its answer.

Bodies are waited for where they are read.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from serving import metrics
from serving.lingering import Lingering
from serving.refusal import Refusal

NOT_HTTP: Final = Refusal(400, "this is no HTTP/1.1 request")
CROWDED: Final = Refusal(503, "there are more connections than may be; try again", headers={"retry-after": "1"})
AT_ONCE: Final = 16_384
SLOW: Final = Refusal(408, "the headers did not come in time")


class Joined:
    """A transport that sends head and body of an answer at once: a system call costs as much as a small model."""

    __slots__ = ("_closing", "_linger", "_loop", "_parts", "_size", "_transport")

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        linger: Callable[[asyncio.Transport], bool] = lambda _: False,
    ) -> None:
        """`linger` takes the connection over when it is closed, or says that there is no need to."""
        self._transport, self._loop, self._linger = transport, loop, linger
        self._closing = False
        self._parts: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - everything else is the transport's own
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not data:
            return
        if not self._parts:
            self._loop.call_soon(self.flush)
        self._parts.append(data)
        self._size += len(data)
        if self._size > AT_ONCE:
            self.flush()

    def flush(self) -> None:
        if self._parts:
            whole = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
            self._parts, self._size = [], 0
            self._transport.write(whole)

    def close(self) -> None:
        self.flush()
        if self.is_closing() or not self._linger(self._transport):
            self._transport.close()
        self._closing = True

    def is_closing(self) -> bool:
        return self._closing or self._transport.is_closing()

    def abort(self) -> None:
        self._parts = []
        self._transport.abort()


class Protocol(H11Protocol):
    """`headers_s`, `answer_s`, `most` and `thrown` are of the class that `bounded` makes."""

    headers_s: float = 10.0
    answer_s: float = 30.0
    most: int = 1_000
    thrown: int = 1 << 22

    def __init__(self, *args: Any, **more: Any) -> None:  # noqa: ANN401 - uvicorn's
        super().__init__(*args, **more)
        self._headers_timer: asyncio.TimerHandle | None = None
        self._answer_timer: asyncio.TimerHandle | None = None
        self._lingering: Lingering | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self.transport = cast("asyncio.Transport", Joined(transport, self.loop, self._linger))
        metrics.CONNECTIONS.set(len(self.connections))
        if len(self.connections) > self.most:
            self._end_with(CROWDED)
        else:
            self._wait_for_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._no_more(headers=True, answer=True)
        if self._lingering is not None:
            self._lingering.stop()
        super().connection_lost(exc)
        metrics.CONNECTIONS.set(len(self.connections))

    def data_received(self, data: bytes) -> None:
        if self._lingering is not None:
            self._lingering.thrown(len(data))
            return
        super().data_received(data)
        if self._is_asked():
            self._no_more(headers=True)
        elif self._headers_timer is None:
            self._wait_for_headers()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_asked():
            self._no_more(headers=True)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._answer_timer = self.loop.call_later(self.answer_s, self._take_too_long, "answer")

    def resume_writing(self) -> None:
        self._no_more(answer=True)
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - in our shape and words
        self._end_with(NOT_HTTP)

    def _linger(self, transport: asyncio.Transport) -> bool:
        """Where the request has not come to its end."""
        if self.conn.their_state is not h11.SEND_BODY or transport.is_closing():
            return False
        self._lingering = Lingering(transport, self.loop, self.thrown)
        self.flow.resume_reading()
        return True

    def _is_asked(self) -> bool:
        """Whether a request is under way: all of its headers came, and its answer is not whole."""
        return self.cycle is not None and not self.cycle.response_complete

    def _wait_for_headers(self) -> None:
        if not self.transport.is_closing():
            self._headers_timer = self.loop.call_later(self.headers_s, self._take_too_long, "headers")

    def _take_too_long(self, what: str) -> None:
        metrics.SLOW_CLIENTS.labels(what).inc()
        if what == "headers" and not self.transport.is_closing():
            self._end_with(SLOW)
        else:
            self.transport.abort()

    def _end_with(self, refusal: Refusal) -> None:
        """Past uvicorn's own account of the request: there is none."""
        body = refusal.body()
        reason = f"HTTP/1.1 {refusal.status} {refusal.code}\r\n"
        more = "".join(f"{name}: {value}\r\n" for name, value in refusal.headers.items())
        head = (
            f"{reason}content-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n{more}\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _no_more(self, *, headers: bool = False, answer: bool = False) -> None:
        if headers and self._headers_timer is not None:
            self._headers_timer.cancel()
            self._headers_timer = None
        if answer and self._answer_timer is not None:
            self._answer_timer.cancel()
            self._answer_timer = None


def bounded(headers_s: float, answer_s: float, most: int, thrown: int) -> type[Protocol]:
    given = {"headers_s": headers_s, "answer_s": answer_s, "most": most, "thrown": thrown}
    return type("Bounded", (Protocol,), given)
