"""Counts add up however rows are cut, shared out or ordered."""

import numpy as np
import pytest

from models.drift import Tally
from models.drift.bins import edges_of
from models.drift.tally import COUNTS, DAYS
from schemas.errors import Misconfigured

CHANCE = np.random.default_rng(2)
ROWS = 3_000
MATRIX = np.column_stack([CHANCE.normal(size=ROWS), np.where(CHANCE.random(ROWS) < 0.3, np.nan, CHANCE.random(ROWS))])
SCORE = CHANCE.random(ROWS)
DAY = 20_000 + CHANCE.integers(0, 3, ROWS)
EDGES = edges_of(np.column_stack([MATRIX, SCORE]))


def tally(parts: list[np.ndarray]) -> Tally:
    found = Tally(EDGES)
    for rows in parts:
        found.add(MATRIX[rows], SCORE[rows], DAY[rows])
    return found


def same(one: Tally, other: Tally) -> bool:
    return all(np.array_equal(one.arrays()[name], other.arrays()[name]) for name in (DAYS, COUNTS))


def test_every_row_is_counted_once_in_each_column() -> None:
    """On its own day."""
    found = tally([np.arange(ROWS)])
    assert found.days() == [20_000, 20_001, 20_002]
    for day in found.days():
        assert found.on(day).sum(axis=1).tolist() == [(day == DAY).sum()] * 3
    assert not found.on(19_999).any()


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_lots_cannot_be_seen(size: int) -> None:
    """Any cut and any order of the rows gives the same counts."""
    order = np.random.default_rng(size).permutation(ROWS)
    assert same(tally([np.arange(ROWS)]), tally([order[at : at + size] for at in range(0, ROWS, size)]))


@pytest.mark.parametrize("workers", [1, 6, 12])
def test_workers_add_up(workers: int) -> None:
    """Whoever counted which partition, and in whichever order they are put together."""
    partition = np.random.default_rng(workers).integers(0, workers, ROWS)
    whole = Tally(EDGES)
    for worker in range(workers)[::-1]:
        whole.merge(tally([np.flatnonzero(partition == worker)]))
    assert same(whole, tally([np.arange(ROWS)]))


def test_adding_to_a_merged_tally_leaves_the_other_alone() -> None:
    """They share no memory."""
    one, other = tally([np.arange(100)]), Tally(EDGES)
    other.merge(one)
    other.add(MATRIX, SCORE, DAY)
    assert same(one, tally([np.arange(100)]))


def test_it_goes_on_from_its_arrays() -> None:
    """Counted in two lives or in one."""
    half = tally([np.arange(1_500)])
    again = Tally.of(EDGES, half.arrays())
    again.add(MATRIX[1_500:], SCORE[1_500:], DAY[1_500:])
    assert same(again, tally([np.arange(ROWS)]))
    assert same(half, tally([np.arange(1_500)]))


def test_counts_of_another_model_are_refused() -> None:
    """Their bins are other bins."""
    with pytest.raises(Misconfigured, match="belong to another model"):
        Tally.of(EDGES + 1, tally([np.arange(10)]).arrays())
    with pytest.raises(Misconfigured, match="belong to another model"):
        Tally(EDGES + 1).merge(tally([np.arange(10)]))


def test_days_are_forgotten() -> None:
    """Those before the one named."""
    found = tally([np.arange(ROWS)])
    found.forget(20_001)
    assert found.days() == [20_001, 20_002]
