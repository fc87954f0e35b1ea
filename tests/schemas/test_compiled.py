import numpy as np
from numpy.typing import NDArray

from schemas.compiled import compiled


def total(values: NDArray[np.int64]) -> int:
    found = 0
    for each in values:
        found += each
    return found


def test_a_compiled_function_is_the_function() -> None:
    """The same answer as the plain Python it is made of."""
    numbers = np.arange(100)
    assert compiled(total)(numbers) == total(numbers) == 4950


def test_nowhere_to_keep_it_is_no_failure() -> None:
    """A function without a folder beside it, as in a read-only container, is compiled all the same."""
    space: dict[str, object] = {"compiled": compiled}
    exec("@compiled\ndef double(number): return 2 * number\nresult = double(21)", space)
    assert space["result"] == 42
