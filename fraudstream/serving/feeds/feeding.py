"""Runs feeds in threads of their own for as long as a block. Whatever one of them meets, the others go on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Final

import structlog

from schemas.errors import FraudstreamError
from serving.page.facts import Source, State

CLOSE_S: Final = 3.0
AGAIN_S: Final = 5.0

Feed = Callable[[Event], None]
"""Returns once the event is set, or raises."""

log = structlog.get_logger(__name__)


@contextmanager
def feeding(*feeds: Feed) -> Iterator[None]:
    over = Event()
    threads = [
        Thread(target=_run, args=(each, over), name=f"feed-{number}", daemon=True) for number, each in enumerate(feeds)
    ]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        over.set()
        for each in threads:
            each.join(CLOSE_S)


def every(seconds: float, look: Callable[[], None]) -> Feed:
    def run(over: Event) -> None:
        while not over.is_set():
            look()
            over.wait(seconds)

    return run


def away(error: Exception, fix: str) -> Source:
    """In the words of the error, without its cure: that is a command here."""
    said = error.message if isinstance(error, FraudstreamError) else str(error) or type(error).__name__
    return Source(State.AWAY, said, fix)


def _run(feed: Feed, over: Event) -> None:
    while not over.is_set():
        try:
            feed(over)
        except Exception as error:  # noqa: BLE001 - the page goes on with what the others tell
            log.warning("page.feed_failed", why=str(error) or type(error).__name__)
            over.wait(AGAIN_S)
