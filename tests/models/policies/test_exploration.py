"""Which events are explored: by their ids alone."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.policies.exploration import explored

IDS = pa.array([f"event-{number}" for number in range(20_000)])
PINNED = [0, 65, 73, 109, 222, 264, 285, 382]


def test_none_and_all() -> None:
    """A share of 0 is nobody, a share of 1 is everybody."""
    assert not explored(IDS, 0.0).any()
    assert explored(IDS, 1.0).all()


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_the_share_is_met(share: float) -> None:
    """Within four standard deviations."""
    spread = np.sqrt(share * (1 - share) / len(IDS))
    assert abs(explored(IDS, share).mean() - share) < 4 * spread


def test_it_never_changes() -> None:
    """The same ids on every machine, in every release: labels are weighed by it years later."""
    assert np.flatnonzero(explored(IDS.slice(0, 400), 0.02)).tolist() == PINNED


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_has_all_of_a_smaller_one(one: float, other: float) -> None:
    """So that raising it adds events and loses none."""
    few, many = (explored(IDS.slice(0, 500), share) for share in sorted((one, other)))
    assert not (few & ~many).any()


@given(st.lists(st.text(max_size=20), min_size=1), st.integers(1, 5))
def test_neighbours_make_no_difference(ids: list[str], size: int) -> None:
    """Lots of any size."""
    column = pa.array(ids, pa.string())
    parts = [explored(column.slice(start, size), 0.3) for start in range(0, len(ids), size)]
    assert np.concatenate(parts).tolist() == explored(column, 0.3).tolist()
