"""Where blocking work is done: threads of its own, a bounded line before them, and a time after which nobody waits.

Work that takes longer goes on, holding its place in the line, so that a server that stands still fills the line and
no more. What was away a moment ago is not asked again at once: whoever stood in the line hears it, too. The threads do
not keep the program from ending.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from typing import Any, Final, TypeVar

import structlog

from schemas.errors import FraudstreamError, Misconfigured, Usage
from serving.refusal import Refusal, too_many, unavailable

Answer = TypeVar("Answer")
AGAIN_S: Final = 5
REST_S: Final = 2.0
BUSY: Final = "as many requests as there may be wait for this; try again"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Away:
    """What is said when something the work needs does not answer: 503 with that code."""

    what: str
    code: str

    def refusal(self, error: FraudstreamError | None = None) -> Refusal:
        """Where something is wrong with the settings, trying again is not all that it takes."""
        said = "does not answer; try again in a moment"
        if isinstance(error, Misconfigured):
            said = "cannot be used as it is set up; the log of the server says why"
        return unavailable(f"{self.what} {said}", code=self.code, after_s=AGAIN_S)


@dataclass(slots=True)
class Lane:
    name: str
    most: int
    timeout_s: float
    away: Away | None = None
    """None: it waits for nobody but the processor, so that being late is 504."""
    threads: int = 1
    late: str = ""
    """What is said when it takes too long although what it asks does answer: 504."""
    _work: "SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None]" = field(default_factory=SimpleQueue)
    _taken: int = 0
    _resting_until: float = 0.0

    def start(self) -> None:
        for number in range(self.threads):
            threading.Thread(target=self._run, name=f"{self.name}-{number}", daemon=True).start()

    def close(self) -> None:
        for _ in range(self.threads):
            self._work.put(None)

    def post(self, call: Callable[[], object]) -> None:
        """In its turn, also when what is asked here is away; nobody waits for it, and what it raises is logged."""
        future: Future[object] = Future()
        future.add_done_callback(self._heard)
        self._work.put((future, call))

    async def run(self, call: Callable[[], Answer]) -> Answer:
        """Raises Refusal where it is busy, late, or what it asks is away; LookupError and Usage as the call does."""
        if self._taken >= self.most:
            raise too_many(BUSY)
        self._taken += 1
        future: Future[Answer] = Future()
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: _soon(loop, self._leave))
        self._work.put((future, partial(self._asked, call)))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self.timeout_s)
        except TimeoutError:
            log.warning("request.late", what=self.name, waited_s=self.timeout_s)
            raise self._late() from None
        except Usage:
            raise
        except FraudstreamError as error:
            log.warning("request.unanswered", what=self.name, why=error.message)
            raise (self.away or Away(f"what {self.name} needs", "")).refusal(error) from None

    def _heard(self, future: "Future[object]") -> None:
        if error := future.exception():
            said = error.message if isinstance(error, FraudstreamError) else type(error).__name__
            log.error("lane.failed", what=self.name, why=said)

    def _leave(self) -> None:
        self._taken -= 1

    def _late(self) -> Refusal:
        if self.away is not None and not self.late:
            return self.away.refusal()
        return Refusal(504, self.late or "the answer was not there in time")

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            future, call = work
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except BaseException as error:  # noqa: BLE001 - whoever waits raises it
                    future.set_exception(error)

    def _asked(self, call: Callable[[], Answer]) -> Answer:
        if self.away is not None and time.monotonic() < self._resting_until:
            raise self.away.refusal()
        try:
            return call()
        except Usage:
            raise
        except FraudstreamError:
            self._resting_until = time.monotonic() + REST_S
            raise


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(call)
    except RuntimeError:
        return  # the loop ended, and with it everybody who waited
