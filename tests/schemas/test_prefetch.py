from typing import Any

import numpy as np
from numba.extending import intrinsic

from schemas import prefetch as module
from schemas.compiled import bare
from schemas.prefetch import prefetch
from schemas.recipe import recipe


def test_nothing_is_changed_and_nothing_looked_at() -> None:
    """Places outside of the array may be asked for, too."""
    numbers = np.arange(8)
    for place in (-1, 0, 7, 8, 1 << 40):
        prefetch(numbers, place)
    assert numbers.tolist() == list(range(8))


def test_what_the_compiler_is_told_is_part_of_the_recipe() -> None:
    """Machine code that was kept is not used when what an intrinsic writes has changed."""

    def asking(ask: Any) -> Any:
        def kernel(array: Any) -> None:
            ask(array, 0)

        return bare(kernel)

    @intrinsic
    def other(_: Any, array: Any, index: Any) -> Any:
        return None, (array, index)

    mine = module._prefetch
    assert recipe(asking(mine)) == recipe(asking(mine)) != recipe(asking(other))
