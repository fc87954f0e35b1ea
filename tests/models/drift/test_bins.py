"""Bins follow the values; counting agrees with a search in the edges."""

import numpy as np
import pytest

from models.drift.bins import LEAST, MOST, UNKNOWN, WIDTH, count, edges_of, used

CHANCE = np.random.default_rng(1)
COLUMNS = {
    "amounts": np.exp(CHANCE.normal(8, 0.7, 20_000)),
    "hours": CHANCE.integers(0, 24, 20_000).astype(float),
    "flag": (CHANCE.random(20_000) < 0.1).astype(float),
    "rare flag": (CHANCE.random(20_000) < 0.001).astype(float),
    "constant": np.full(20_000, 3.0),
    "mostly unknown": np.where(CHANCE.random(20_000) < 0.03, CHANCE.random(20_000), np.nan),
    "never known": np.full(20_000, np.nan),
}


def counted(column: np.ndarray, edges: np.ndarray) -> np.ndarray:
    counts = np.zeros((1, 1, WIDTH), np.int64)
    count(np.ascontiguousarray(column.reshape(-1, 1)), 0, np.zeros(len(column), np.int64), edges, counts)
    return counts[0, 0]


@pytest.mark.parametrize("name", COLUMNS)
def test_every_value_is_counted_in_its_bin(name: str) -> None:
    """Bin i ends with edge i; infinities are numbers; what is not known comes last; no other bin is touched."""
    column = np.concatenate([COLUMNS[name], [np.inf, -np.inf, np.nan, 0.0]])
    edges = edges_of(COLUMNS[name].reshape(-1, 1))
    searched = np.searchsorted(edges[0][np.isfinite(edges[0])], column)
    expected = np.bincount(np.where(np.isnan(column), UNKNOWN, searched), minlength=WIDTH)
    assert counted(column, edges).tolist() == expected.tolist()
    assert not expected[~used(edges)[0]].any()


@pytest.mark.parametrize("name", ["amounts", "hours", "flag", "mostly unknown"])
def test_no_bin_is_nearly_empty(name: str) -> None:
    """At most so many, and each holds the least share of the rows at least."""
    edges = edges_of(COLUMNS[name].reshape(-1, 1))
    inside = used(edges)[0]
    inside[UNKNOWN] = False
    assert inside.sum() <= MOST
    assert counted(COLUMNS[name], edges)[inside].min() >= LEAST * 20_000


@pytest.mark.parametrize("name", ["hours", "constant"])
def test_common_values_leave_their_bin_when_they_grow_by_a_tenth(name: str) -> None:
    """A unit that is wrong by ten per cent shows in whole numbers too."""
    edges = edges_of(COLUMNS[name].reshape(-1, 1))
    moved = np.abs(counted(COLUMNS[name] * 1.1, edges) - counted(COLUMNS[name], edges))
    assert moved.sum() >= 0.1 * len(COLUMNS[name])


def test_a_flag_has_two_bins() -> None:
    """And room for what is no flag."""
    edges = edges_of(COLUMNS["flag"].reshape(-1, 1))
    assert edges[0, :2].tolist() == [0.0, np.inf]
