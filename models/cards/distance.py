"""How far apart two places on the globe are, with + - x / and √ alone, so equal to the last bit on every machine."""

from math import factorial, pi
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RADIUS_KM: Final = 6371.0
SINE: Final = tuple((-1) ** n / factorial(2 * n + 1) for n in range(13, -1, -1))
COSINE: Final = tuple((-1) ** n / factorial(2 * n) for n in range(13, -1, -1))
ARC_SINE: Final = (63 / 2816, 35 / 1152, 5 / 112, 3 / 40, 1 / 6, 1.0)
HALVINGS: Final = 4


def kilometres(latitude: Floats, longitude: Floats, other_latitude: Floats, other_longitude: Floats) -> Floats:
    """Along the great circle, in degrees; to within a metre."""
    here, there = _on_globe(latitude, longitude), _on_globe(other_latitude, other_longitude)
    square = sum((a - b) * (a - b) for a, b in zip(here, there, strict=True))
    return 2.0 * RADIUS_KM * _arc_sine(np.minimum(np.sqrt(square) / 2.0, 1.0))


def _on_globe(latitude: Floats, longitude: Floats) -> tuple[Floats, Floats, Floats]:
    up, around = latitude * (pi / 180.0), longitude * (pi / 180.0)
    level = _series(up * up, COSINE)
    return (
        level * _series(around * around, COSINE),
        level * around * _series(around * around, SINE),
        up * _series(up * up, SINE),
    )


def _series(x: Floats, coefficients: tuple[float, ...]) -> Floats:
    value = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value


def _arc_sine(sine: Floats) -> Floats:
    """The angle is halved until few terms are enough."""
    for _ in range(HALVINGS):
        sine = sine / np.sqrt(2.0 * (1.0 + np.sqrt(1.0 - sine * sine)))
    return 2.0**HALVINGS * sine * _series(sine * sine, ARC_SINE)
