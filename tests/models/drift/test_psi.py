"""The index is what the books say, and chance makes of it what theory says."""

import math

import numpy as np
import pytest

from models.drift.psi import psi, ranks, shares, standard


def test_the_index_of_two_known_histograms() -> None:
    """(0.5 - 0.4) ln(0.5 / 0.4) + (0.5 - 0.6) ln(0.5 / 0.6)."""
    found = psi(np.array([[0.5, 0.5]]), np.array([[0.4, 0.6]]))
    assert found[0] == pytest.approx(0.1 * math.log(1.25) - 0.1 * math.log(5 / 6))


def test_no_difference_is_nothing_and_neither_are_bins_that_are_not_used() -> None:
    """A bin without a share on both sides adds nothing."""
    same = np.array([[0.3, 0.7, 0.0]])
    assert psi(same, same).tolist() == [0.0]


def test_empty_bins_have_half_a_row() -> None:
    """So that the index is finite, whatever was not seen."""
    found = shares(np.array([[9, 0, 0]]), np.array([[True, True, False]]))
    assert found.tolist() == [[0.95, 0.05, 0.0]]


def test_ranks_are_in_the_middle_of_bins_and_the_unknown_is_in_the_middle_of_all() -> None:
    """Whether more or less is known moves no rank."""
    assert ranks(np.array([[0.2, 0.2, 0.4, 0.2]])).tolist() == [pytest.approx([-0.375, -0.125, 0.25, 0.0])]
    assert ranks(np.array([[0.0, 0.0, 1.0]])).tolist() == [[0.0, 0.0, 0.0]]


def test_by_chance_deviations_are_those_of_a_normal_distribution() -> None:
    """Over a thousand days on which nothing changed."""
    expected, rows = np.full(20, 0.05), 5_000
    days = np.random.default_rng(3).multinomial(rows, expected, 1_000)
    found = standard(psi(shares(days, np.ones(20, bool)), expected), np.float64(19 / rows), np.float64(19.0))
    assert abs(found.mean()) < 0.15
    assert 0.9 < found.std() < 1.1
    assert 2.5 < found.max() < 4.5
