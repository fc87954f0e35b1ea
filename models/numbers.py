"""The one transcendental function of the product, equal to the last bit on every machine.

Only + - x and / on doubles in a fixed order are used, and scaling by powers of two, which is exact. Intermediate
values are pairs (high, low) whose sum is exact to about 70 bits, so the result is within one unit in the last place.
"""

import math
from math import factorial
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from schemas.compiled import compiled

Doubles = NDArray[np.float64]
Pair = tuple[float, float]

LOG2_E: Final = 1.4426950408889634
LN2_HIGH: Final = 6.93147180369123816490e-01
LN2_LOW: Final = 1.90821492927058770002e-10
SPLITTER: Final = 134217729.0
LARGEST: Final = 700.0
TAYLOR: Final = tuple(1.0 / factorial(n) for n in range(14, 2, -1))


def tidy(values: ArrayLike) -> Doubles:
    """As kernels take them, of one type; the same array where it is that already."""
    found = np.asarray(values, np.float64)
    if not found.flags.carray:  # which `require` takes ten times as long to find out
        found = np.require(found, None, ["C", "A", "W"])
    return found


def logistic(margin: Doubles) -> Doubles:
    """Probability of a raw margin in log-odds; margins beyond +-700 count as +-700."""
    flat = tidy(margin).reshape(-1)
    probability = np.empty(len(flat))
    _fill(flat, probability)
    return probability.reshape(np.shape(margin))


def warm() -> None:
    """Compile it, so that the first decision does not wait."""
    logistic(np.zeros(1))


@compiled
def _sum(a: float, b: float) -> Pair:
    """The rounded sum and exactly what rounding lost."""
    total = a + b
    shadow = total - a
    return total, (a - (total - shadow)) + (b - shadow)


@compiled
def _product(a: float, b: float) -> Pair:
    """The rounded product and exactly what rounding lost."""
    product = a * b
    a_high = SPLITTER * a - (SPLITTER * a - a)
    b_high = SPLITTER * b - (SPLITTER * b - b)
    a_low, b_low = a - a_high, b - b_high
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


@compiled
def _exponential(x: float) -> Pair:
    """With x = k ln 2 + r it is 1 + r + r²/2 + ..., times two to the k."""
    k = float(np.rint(x * LOG2_E))
    r, r_low = _sum(x - k * LN2_HIGH, -(k * LN2_LOW))
    tail = TAYLOR[0]
    for coefficient in TAYLOR[1:]:
        tail = tail * r + coefficient
    square, square_low = _product(r, r)
    high, low = _sum(r, 0.5 * square)
    one, rest = _sum(1.0, high)
    value, low = _sum(one, rest + (low + (r_low + r_low * r + 0.5 * square_low + tail * square * r)))
    scale = int(k)
    return math.ldexp(value, scale), math.ldexp(low, scale)


@compiled
def _quotient(above: Pair, below: Pair) -> float:
    guess = above[0] / below[0]
    back, back_low = _product(guess, below[0])
    missing = (above[0] - back) - back_low + above[1] - guess * below[1]
    return guess + missing / below[0]


@compiled
def _fill(margin: Doubles, probability: Doubles) -> None:
    for row in range(len(margin)):
        if np.isnan(margin[row]):
            probability[row] = np.nan
            continue
        bounded = min(max(float(margin[row]), -LARGEST), LARGEST)
        small = _exponential(-abs(bounded))
        total = _sum(1.0, small[0])
        below = (total[0], total[1] + small[1])
        probability[row] = _quotient((1.0, 0.0), below) if bounded >= 0.0 else _quotient(small, below)
