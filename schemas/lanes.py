"""Eight words taken apart at once: a compiler that cannot tell that two arrays lie apart takes one after the other."""

from typing import Any, Final

import numba
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from schemas.compiled import bare

LANES: Final = 8
WORD: Final = 8


@intrinsic
def _unpack(_: Any, source: Any, at: Any, shift: Any, more: Any, target: Any, to: Any) -> Any:  # noqa: ANN401, ARG001, PLR0917
    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:  # noqa: ANN401
        numbers = ir.VectorType(ir.IntType(8 * WORD), LANES)

        def lanes(which: int) -> Any:  # noqa: ANN401
            begin = context.make_array(signature.args[which])(context, builder, given[which]).data
            return builder.bitcast(builder.gep(begin, [given[which + 1]]), numbers.as_pointer())

        def same(which: int) -> Any:  # noqa: ANN401
            one = builder.insert_element(ir.Constant(numbers, ir.Undefined), given[which], ir.IntType(32)(0))
            spread = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
            return builder.shuffle_vector(one, ir.Constant(numbers, ir.Undefined), spread)

        packed = builder.load(lanes(0), align=WORD)
        builder.store(builder.add(builder.ashr(packed, same(2)), same(3)), lanes(4), align=WORD)
        return context.get_dummy_value()

    return types.void(source, types.int64, types.int64, types.int64, target, types.int64), code


def _plain(source: NDArray[Any], at: int, shift: int, more: int, target: NDArray[Any], to: int) -> None:  # noqa: PLR0917
    target.reshape(-1)[to : to + LANES] = (source.reshape(-1)[at : at + LANES] >> shift) + more


_taken: Final[Any] = _plain if getattr(numba.config, "DISABLE_JIT") else _unpack  # noqa: B009


@bare
def unpack(  # noqa: PLR0917
    source: NDArray[Any], at: int, shift: int, more: int, target: NDArray[Any], to: int
) -> None:
    """What stands above the lowest `shift` bits of eight words from the place `at` on, and `more`, from `to` on.

    Places are counted through all rows of an array, and lie in it with the seven that follow.
    """
    _taken(source, at, shift, more, target, to)
