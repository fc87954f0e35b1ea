"""What a command began is taken away when it is asked to end, as with Ctrl-C."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

TERMINATED: Final = 128 + signal.SIGTERM


@contextmanager
def tidied() -> Iterator[None]:
    """SIGTERM unwinds the block. The exit code is the one that shells give."""
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(_: int, __: FrameType | None) -> NoReturn:
    sys.exit(TERMINATED)
