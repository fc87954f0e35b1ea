"""What a command began is taken away when it is asked to end, as with Ctrl-C."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

ASKED: Final = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def tidied() -> Iterator[None]:
    """SIGTERM, and SIGHUP of a terminal that is closed, unwind the block. The exit code is the one that shells give.

    What whoever started the program told it not to hear, as nohup does, it does not hear.
    """
    before = {each: signal.getsignal(each) for each in ASKED}
    heard = [each for each, handler in before.items() if handler is not signal.SIG_IGN]
    for each in heard:
        signal.signal(each, _end)
    try:
        yield
    finally:
        for each in heard:
            signal.signal(each, before[each])


def _end(number: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
