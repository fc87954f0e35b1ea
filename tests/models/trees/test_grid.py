from dataclasses import replace

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.trees.evaluator import _comb
from models.trees.forest import Forest
from models.trees.grid import CELLS, grid
from models.trees.parity import STRANGE

ANY = st.floats(allow_nan=False)


def forest_of(thresholds: list[float]) -> Forest:
    return replace(_comb(len(thresholds) + 1), threshold=np.array(thresholds))


def ranks(thresholds: list[float], values: list[float]) -> NDArray[np.uint8]:
    found = grid(forest_of(thresholds), 1)
    assert found is not None
    lines = np.full((2, len(values)), 77, np.uint8)
    with np.errstate(all="ignore"):
        found.ranks(np.array(values).reshape(-1, 1), lines)
    return lines


@settings(deadline=None)
@given(st.lists(ANY, min_size=1, max_size=255), st.lists(ANY, max_size=50))
@example([0.0, 5e-324, -5e-324, 1e-323], [])
@example([-1.7976931348623157e308, 1.7976931348623157e308], [])
@example([np.inf], [])
@example([-np.inf, np.inf, 0.0], [])
@example([1.0, np.nextafter(1.0, 2.0)], [])
@example([10.0**power for power in range(-120, 120)], [])
@example(np.linspace(0.0, 1.0, 255).tolist(), (np.arange(CELLS + 1) / CELLS).tolist())
def test_a_rank_counts_the_thresholds_below(thresholds: list[float], values: list[float]) -> None:
    """Exactly, on and beside every threshold, for every number there is."""
    with np.errstate(all="ignore"):
        beside = np.concatenate((np.nextafter(thresholds, -np.inf), np.nextafter(thresholds, np.inf))).tolist()
    every = [*values, *thresholds, *beside, *STRANGE[1:]]
    distinct = np.unique(thresholds)
    expected = [int((distinct < value).sum()) for value in every]
    found = ranks(thresholds, every)
    assert found[0].tolist() == expected
    assert found[1].tolist() == expected


def test_what_is_missing_is_below_all_in_one_line_and_above_all_in_the_other() -> None:
    """So a split that sends it left reads the first line, and one that sends it right the second."""
    assert ranks([1.0, 2.0], [np.nan]).tolist() == [[0], [255]]


@given(st.lists(ANY, min_size=1, max_size=255))
@settings(deadline=None)
def test_a_limit_is_the_place_of_its_threshold(thresholds: list[float]) -> None:
    """A rank is above the limit of a split exactly where the value is above its threshold."""
    forest = forest_of(thresholds)
    found = grid(forest, 1)
    assert found is not None
    distinct = np.unique(thresholds)
    assert [distinct[limit] for limit in found.limits(forest)] == thresholds
