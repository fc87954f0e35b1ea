"""How far apart two places on the globe are, with + - x / and √ alone, so equal to the last bit on every machine."""

from math import factorial, pi
from typing import Final

import numpy as np

from schemas.compiled import inlined

RADIUS_KM: Final = 6371.0
RADIANS: Final = pi / 180.0
SINE: Final = tuple((-1) ** n / factorial(2 * n + 1) for n in range(10, -1, -1))
COSINE: Final = tuple((-1) ** n / factorial(2 * n) for n in range(10, -1, -1))
ARC_SINE: Final = (63 / 2816, 35 / 1152, 5 / 112, 3 / 40, 1 / 6, 1.0)
HALVINGS: Final = 4


@inlined
def measure(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Kilometres along the great circle, by the haversine formula, to within a metre; 0 for the same place."""
    east = abs(other_longitude - longitude)
    up = _sine((other_latitude - latitude) * (RADIANS / 2.0))
    along = _sine(min(east, 360.0 - east) * (RADIANS / 2.0))
    level = _cosine(latitude * RADIANS) * _cosine(other_latitude * RADIANS)
    square = min(max(up * up + level * (along * along), 0.0), 1.0)
    return 2.0 * RADIUS_KM * _arc_sine(np.sqrt(square))


@inlined
def _sine(angle: float) -> float:
    """Of at most a quarter turn to either side."""
    return angle * _series(angle * angle, SINE)


@inlined
def _cosine(angle: float) -> float:
    return _series(angle * angle, COSINE)


@inlined
def _series(x: float, coefficients: tuple[float, ...]) -> float:
    value = coefficients[0]
    for place in range(1, len(coefficients)):
        value = value * x + coefficients[place]
    return value


@inlined
def _arc_sine(sine: float) -> float:
    """The angle is halved until few terms are enough."""
    for _ in range(HALVINGS):
        sine = sine / np.sqrt(2.0 * (1.0 + np.sqrt(1.0 - sine * sine)))
    return 2.0**HALVINGS * sine * _series(sine * sine, ARC_SINE)
