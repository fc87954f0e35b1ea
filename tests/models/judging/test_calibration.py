import math

import numpy as np
import pytest

from models.judging.calibration import brier, calibration_error, reliability


def test_honest_scores_have_little_error() -> None:
    """Outcomes drawn with the probabilities that were said are well calibrated."""
    random = np.random.default_rng(1)
    score = random.random(50_000)
    assert calibration_error(random.random(50_000) < score, score) < 0.01


def test_scores_twice_too_high_are_found_out() -> None:
    """The error is what the scores are off by."""
    random = np.random.default_rng(2)
    score = random.random(50_000)
    assert calibration_error(random.random(50_000) < score / 2, score) == pytest.approx(0.25, abs=0.01)


def test_every_row_is_in_one_bin_and_equal_scores_share_it() -> None:
    """Many equal scores make fewer bins, not split ones."""
    score = np.array([0.0] * 90 + [0.5] * 5 + [1.0] * 5)
    bins = reliability(score > 0.4, score, 10)
    assert sum(part.rows for part in bins) == 100
    assert [part.said for part in bins if part.found == 0.0] == [0.0]


def test_nothing_has_no_figure() -> None:
    """No rows, no calibration."""
    empty = np.zeros(0)
    assert reliability(empty > 0, empty) == []
    assert math.isnan(calibration_error(empty > 0, empty))
    assert math.isnan(brier(empty > 0, empty))


def test_brier_is_the_mean_square() -> None:
    """Of what was said and what was."""
    assert brier(np.array([True, False]), np.array([0.8, 0.4])) == pytest.approx((0.04 + 0.16) / 2)
