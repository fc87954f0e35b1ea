"""The line from margins to probabilities: found where it is known, and never one that turns the order round."""

import numpy as np
import pytest

from models.churn.calibration import Calibration, millionths


def test_a_known_line_is_found() -> None:
    """Outcomes drawn from it lead back to it."""
    random = np.random.default_rng(1)
    margins = random.normal(0.0, 2.0, 200_000)
    left = random.random(len(margins)) < Calibration(slope=0.6, intercept=-1.2).probabilities(margins)
    found = Calibration.fit(margins, left)
    assert found.slope == pytest.approx(0.6, abs=0.02)
    assert found.intercept == pytest.approx(-1.2, abs=0.02)


@pytest.mark.parametrize(
    ("margins", "left"),
    [
        (np.zeros(100), np.arange(100) < 30),
        (np.arange(100.0), np.arange(100) < 30),
        (np.arange(100.0) - 50, np.arange(100) >= 50),
        (np.full(100, 1e300), np.arange(100) < 30),
    ],
)
def test_hopeless_margins_leave_a_rising_line(margins: np.ndarray, left: np.ndarray) -> None:
    """All alike, the wrong way round, separated, immense."""
    with np.errstate(all="ignore"):
        found = Calibration.fit(margins, left)
    assert 0.0 < found.slope <= 1e3
    assert abs(found.intercept) <= 1e3


def test_millionths_are_rounded_to_the_nearest() -> None:
    """From nothing to certainty."""
    assert millionths(np.array([0.0, 0.6, 0.1234567, 1.0])).tolist() == [0, 600_000, 123_457, 1_000_000]
