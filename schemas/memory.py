"""Memory of others as arrays that kernels may read, by its address; whoever has it must keep it."""

from ctypes import string_at
from typing import Any, Final

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array
from numpy.typing import NDArray

from schemas.compiled import compiled

Array = NDArray[Any]


@intrinsic
def _view(_: Any, address: Any, count: Any, like: Any) -> Any:  # noqa: ANN401, ARG001 - the compiler's own types, and names
    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:  # noqa: ANN401
        array = make_array(signature.return_type)(context, builder)  # type: ignore[no-untyped-call]
        size = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(like.dtype)))
        begin = builder.inttoptr(given[0], context.get_data_type(like.dtype).as_pointer())
        populate_array(  # type: ignore[no-untyped-call]
            array, data=begin, shape=[given[1]], strides=[size], itemsize=size, meminfo=None
        )
        return array._getvalue()  # noqa: SLF001 - as numba's own code does

    return types.Array(like.dtype, 1, "C", readonly=True)(types.int64, types.int64, like), code


def _plain(address: int, count: int, like: Array) -> Array:
    if count == 0:
        return like
    found: Array = np.frombuffer(string_at(int(address), int(count) * like.itemsize), like.dtype)
    return found


_seen: Final[Any] = _plain if getattr(numba.config, "DISABLE_JIT") else _view  # noqa: B009


@compiled
def memory(address: int, count: int, like: Array) -> Array:
    """So many numbers of the type of `like`."""
    found: Array = _seen(address, count, like)
    return found
