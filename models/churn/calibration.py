"""Raw margins become probabilities that mean what they say: one line through the log-odds, then the logistic."""

from math import isfinite
from typing import Annotated, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from models.churn.encoding import Form
from models.numbers import Doubles, logistic
from schemas.churn import SCALE

STEPS: Final = 50
ENOUGH: Final = 1e-12
STEEPEST: Final = 1e3
RIDGE: Final = 1e-9
"""Keeps the equations solvable where all margins are equal."""


class Calibration(Form):
    """Rising, so that calibration never changes an order."""

    slope: Annotated[float, Field(gt=0.0, le=STEEPEST)] = 1.0
    intercept: Annotated[float, Field(ge=-STEEPEST, le=STEEPEST)] = 0.0

    def probabilities(self, margins: Doubles) -> Doubles:
        return logistic(self.slope * margins + self.intercept)

    @classmethod
    def fit(cls, margins: Doubles, positive: NDArray[np.bool_]) -> Self:
        """Of margins of rows that the model had not learnt from: the likeliest line, by Newton's steps."""
        y, slope, intercept = positive.astype(np.float64), 1.0, 0.0
        for _ in range(STEPS):
            p = logistic(slope * margins + intercept)
            off, weight = p - y, p * (1.0 - p)
            a, b, c = (float(np.sum(each)) for each in (weight * margins * margins, weight * margins, weight))
            by_slope, by_intercept = float(np.sum(off * margins)), float(np.sum(off))
            area = (a + RIDGE) * (c + RIDGE) - b * b
            steps = (
                ((c + RIDGE) * by_slope - b * by_intercept) / area,
                ((a + RIDGE) * by_intercept - b * by_slope) / area,
            )
            slope, intercept = slope - steps[0], intercept - steps[1]
            if max(map(abs, steps)) < ENOUGH:
                break
        good = isfinite(intercept) and abs(intercept) <= STEEPEST and 0.0 < slope <= STEEPEST
        return cls(slope=slope, intercept=intercept) if good else cls()


def millionths(probabilities: Doubles) -> NDArray[np.uint32]:
    return np.rint(probabilities * SCALE).astype(np.uint32)
