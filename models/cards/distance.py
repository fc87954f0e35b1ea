"""How far apart two places on the globe are, with + - x / and √ alone, so equal to the last bit on every machine."""

from math import factorial, pi
from typing import Final

import numpy as np
from numpy.typing import NDArray

from schemas.compiled import compiled

Floats = NDArray[np.float64]

RADIUS_KM: Final = 6371.0
RADIANS: Final = pi / 180.0
SINE: Final = tuple((-1) ** n / factorial(2 * n + 1) for n in range(10, -1, -1))
COSINE: Final = tuple((-1) ** n / factorial(2 * n) for n in range(10, -1, -1))
ARC_SINE: Final = (63 / 2816, 35 / 1152, 5 / 112, 3 / 40, 1 / 6, 1.0)
HALVINGS: Final = 4


def kilometres(latitude: Floats, longitude: Floats, other_latitude: Floats, other_longitude: Floats) -> Floats:
    """Along the great circle, by the haversine formula; in degrees; to within a metre, 0 for the same place."""
    found = np.empty(len(latitude))
    _measure(latitude, longitude, other_latitude, other_longitude, found)
    return found


@compiled
def _measure(
    latitude: Floats, longitude: Floats, other_latitude: Floats, other_longitude: Floats, found: Floats
) -> None:
    for row in range(latitude.size):
        east = abs(other_longitude[row] - longitude[row])
        up = _sine((other_latitude[row] - latitude[row]) * (RADIANS / 2.0))
        along = _sine(min(east, 360.0 - east) * (RADIANS / 2.0))
        level = _cosine(latitude[row] * RADIANS) * _cosine(other_latitude[row] * RADIANS)
        square = min(max(up * up + level * (along * along), 0.0), 1.0)
        found[row] = 2.0 * RADIUS_KM * _arc_sine(np.sqrt(square))


@compiled
def _sine(angle: float) -> float:
    """Of at most a quarter turn to either side."""
    return angle * _series(angle * angle, SINE)


@compiled
def _cosine(angle: float) -> float:
    return _series(angle * angle, COSINE)


@compiled
def _series(x: float, coefficients: tuple[float, ...]) -> float:
    value = coefficients[0]
    for place in range(1, len(coefficients)):
        value = value * x + coefficients[place]
    return value


@compiled
def _arc_sine(sine: float) -> float:
    """The angle is halved until few terms are enough."""
    for _ in range(HALVINGS):
        sine = sine / np.sqrt(2.0 * (1.0 + np.sqrt(1.0 - sine * sine)))
    return 2.0**HALVINGS * sine * _series(sine * sine, ARC_SINE)
