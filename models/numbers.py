"""The one transcendental function of the product, equal to the last bit on every machine.

Only + - x and / on doubles in a fixed order are used, and scaling by powers of two, which is exact. Intermediate
values are pairs (high, low) whose sum is exact to about 70 bits, so the result is within one unit in the last place.
"""

from math import factorial
from typing import Final

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Pair = tuple[Doubles, Doubles]

LOG2_E: Final = 1.4426950408889634
LN2_HIGH: Final = 6.93147180369123816490e-01
LN2_LOW: Final = 1.90821492927058770002e-10
SPLITTER: Final = 134217729.0
LARGEST: Final = 700.0
TAYLOR: Final = tuple(1.0 / factorial(n) for n in range(14, 2, -1))


def logistic(margin: Doubles) -> Doubles:
    """Probability of a raw margin in log-odds; margins beyond +-700 count as +-700."""
    bounded = np.clip(margin, -LARGEST, LARGEST)
    small = _exponential(-np.abs(bounded))
    total = _sum(np.ones_like(small[0]), small[0])
    below = (total[0], total[1] + small[1])
    positive = bounded >= 0.0
    return _quotient((np.where(positive, 1.0, small[0]), np.where(positive, 0.0, small[1])), below)


def _exponential(x: Doubles) -> Pair:
    """With x = k ln 2 + r it is 1 + r + r²/2 + ..., times two to the k."""
    k = np.rint(x * LOG2_E)
    low_part = -(k * LN2_LOW)
    r, r_low = _sum(x - k * LN2_HIGH, low_part)
    tail = np.full_like(r, TAYLOR[0])
    for coefficient in TAYLOR[1:]:
        tail = tail * r + coefficient
    square, square_low = _product(r, r)
    high, low = _sum(r, 0.5 * square)
    one, rest = _sum(np.ones_like(r), high)
    value, low = _sum(one, rest + (low + (r_low + r_low * r + 0.5 * square_low + tail * square * r)))
    scale = k.astype(np.int32)
    return np.ldexp(value, scale), np.ldexp(low, scale)


def _sum(a: Doubles, b: Doubles) -> Pair:
    """The rounded sum and exactly what rounding lost."""
    total = a + b
    shadow = total - a
    return total, (a - (total - shadow)) + (b - shadow)


def _product(a: Doubles, b: Doubles) -> Pair:
    """The rounded product and exactly what rounding lost."""
    product = a * b
    a_high = SPLITTER * a - (SPLITTER * a - a)
    b_high = SPLITTER * b - (SPLITTER * b - b)
    a_low, b_low = a - a_high, b - b_high
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _quotient(above: Pair, below: Pair) -> Doubles:
    guess = above[0] / below[0]
    back, back_low = _product(guess, below[0])
    missing = (above[0] - back) - back_low + above[1] - guess * below[1]
    return guess + missing / below[0]
