"""All that the machine code of a function follows from, as one digest.

It covers the code of the function and of every function it calls, and each number, type and table they name, in
whatever file that is defined. What changes neither of these, such as a line that moves, does not change the digest.
"""

from collections.abc import Iterator
from hashlib import sha256
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

import numba
import numpy as np
from numba.core.dispatcher import Dispatcher
from numba.core.extending import _Intrinsic

SETTINGS: Final = ("OPT", "BOUNDSCHECK")
FOREIGN: Final = ("math", "numpy")
"""What these modules mean to the compiler changes with its version alone."""
PLAIN: Final = (type(None), bool, int, float, str, bytes, np.generic)


def recipe(kernel: Any) -> str:  # noqa: ANN401 - a Dispatcher, generic in stubs alone
    """Raises TypeError if the function names something of which this cannot tell whether it changes."""
    parts = [numba.__version__, np.__version__, *(str(getattr(numba.config, name)) for name in SETTINGS)]
    waiting, seen = [kernel], {kernel}
    while waiting:
        kernel = waiting.pop()
        function = kernel.py_func
        parts += [repr(kernel.targetoptions), _text(function.__code__), _text(function.__defaults__)]
        for name, value in _named(function):
            if not isinstance(value, Dispatcher):
                parts.append(f"{name} = {_text(value)}")
            elif value not in seen:
                seen.add(value)
                waiting.append(value)
    return sha256("\n".join(parts).encode()).hexdigest()


def _named(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """What stands outside of the function and is named in it."""
    names = sorted(_names(function.__code__))
    yield from _found(function.__globals__, names)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield name, cell.cell_contents


def _found(space: dict[str, Any], names: list[str]) -> Iterator[tuple[str, Any]]:
    for name in names:
        value = space.get(name)
        if not isinstance(value, ModuleType):
            yield name, value
        elif value.__name__.partition(".")[0] not in FOREIGN:
            yield from _found(vars(value), [each for each in names if each != name])


def _names(code: CodeType) -> set[str]:
    inner = (each for each in code.co_consts if isinstance(each, CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _text(value: object) -> str:
    """The same for equal values of the same type only."""
    if isinstance(value, PLAIN):
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))})"
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, _Intrinsic):  # what it names belongs to the compiler
        return _text(value._defn.__code__)  # noqa: SLF001
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape} {sha256(value.tobytes()).hexdigest()}"
    if isinstance(value, CodeType):
        counts = (value.co_argcount, value.co_posonlyargcount, value.co_kwonlyargcount, value.co_flags)
        names = (value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars)
        return _text((value.co_code, value.co_exceptiontable, value.co_consts, *counts, *names))
    raise TypeError(f"{value!r} is named in compiled code: whether it has changed cannot be told from a digest")
