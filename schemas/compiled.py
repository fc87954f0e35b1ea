"""Loops that numpy cannot express run as machine code, without the interpreter's lock.

They are compiled when first used and kept on disk where there is a folder for it.

The same functions run as plain Python under NUMBA_DISABLE_JIT=1, so they use operations that mean the same in both:
signed 64-bit numbers and shifts, no overflow in additions. A function calls only functions of its own file, because
the files on disk are renewed when that one file changes.
"""

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    try:
        return cast("F", njit(cache=True, nogil=True)(function))
    except RuntimeError:  # no folder to keep it in: a read-only container
        return cast("F", njit(nogil=True)(function))
