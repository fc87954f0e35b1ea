"""Python looks for cycles of garbage between lots, not in the middle of one.

A lot is tens of thousands of objects that live as long as it does and hold no cycles. Counting them, Python would look
through all that the process has, several times a second, for nothing. Between lots next to nothing is left to look
at; what was there before the first lot is never looked at again.
"""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

EVERY_S: Final = 1.0
IN_A_LOT: Final = 1_000_000
"""Objects that came and did not go; so many are looked at all the same, wherever the loop is held up."""


@contextmanager
def between_lots(clock: Callable[[], float] = time.monotonic) -> Iterator[Callable[[], None]]:
    """What is to be called between lots; afterwards all is as it was before."""
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(IN_A_LOT, *usual[1:])
    last = clock()

    def tidy() -> None:
        nonlocal last
        if clock() - last >= EVERY_S:
            gc.collect()
            last = clock()

    try:
        yield tidy
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
