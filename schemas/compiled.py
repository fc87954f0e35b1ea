"""Loops that numpy cannot express run as machine code, without the interpreter's lock.

They are compiled when first used and kept on disk where there is a folder for it.

The same functions run as plain Python under NUMBA_DISABLE_JIT=1, so they use operations that mean the same in both:
signed 64-bit numbers and shifts, no overflow in additions.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar, cast

from numba import njit
from numba.core.dispatcher import Dispatcher

from schemas.machine_code import MachineCode

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    return _kept(function, arrays=True)


def bare(function: F) -> F:
    """Of a function that makes no arrays: to hand one on then counts no references, which would stop the processor."""
    return _kept(function, arrays=False)


def inlined(function: F) -> F:
    """Bare, and part of whoever calls it: nothing is handed on, and a loop around the call can be one of vectors."""
    return _kept(function, arrays=False, inline=True)


def _kept(function: F, *, arrays: bool, inline: bool = False) -> F:
    made = njit(nogil=True, error_model="numpy", _nrt=arrays, forceinline=inline)(function)  # type: ignore[call-overload]
    if isinstance(made, Dispatcher):
        with suppress(RuntimeError):  # no folder to keep it in: a read-only container
            made._cache = MachineCode(made)  # type: ignore[attr-defined]  # noqa: SLF001 - where numba looks
    return cast("F", made)
