"""Memory asked for before it is needed, so that a loop does not wait for each line of a state larger than the cache."""

from typing import Any, Final

import numba
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from schemas.compiled import bare


@intrinsic
def _prefetch(_: Any, array: Any, index: Any) -> Any:  # noqa: ANN401, ARG001 - the compiler's own types, and names
    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:  # noqa: ANN401
        number = ir.IntType(32)
        begin = context.make_array(signature.args[0])(context, builder, given[0]).data
        place = builder.gep(begin, [given[1]])
        kind = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        ask = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")  # type: ignore[no-untyped-call]
        builder.call(ask, [place, number(0), number(3), number(1)])  # to be read, to be kept, of data
        return context.get_dummy_value()

    return types.void(array, types.int64), code


def _nothing(*_: object) -> None:
    """Plain Python waits for other things."""


_ask: Final[Any] = _nothing if getattr(numba.config, "DISABLE_JIT") else _prefetch  # noqa: B009


@bare
def prefetch(array: NDArray[Any], index: int) -> None:
    """The line of that place, which may lie outside of the array."""
    _ask(array, index)
