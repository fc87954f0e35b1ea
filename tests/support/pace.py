"""How many times as fast one way is as another, side by side: no time is ever a test, only what two of them make."""

import time
from collections.abc import Callable

from threadpoolctl import threadpool_limits

TRIES = 5


def times_as_fast(fast: Callable[[], object], slow: Callable[[], object]) -> float:
    """By the best of some tries each, in turn, on one thread each; nothing is compiled meanwhile."""
    fast()
    with threadpool_limits(1):
        pairs = [(_spent(fast), _spent(slow)) for _ in range(TRIES)]
    return min(other for _, other in pairs) / min(one for one, _ in pairs)


def _spent(call: Callable[[], object]) -> float:
    start = time.thread_time()
    call()
    return time.thread_time() - start
