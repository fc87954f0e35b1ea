"""How far two histograms are apart, and how far they would be by chance.

Of n rows whose shares are known the population stability index is about (bins - 1) / n on average, distributed as a sum
of so many squares. `standard` turns such a sum into standard deviations of a normal distribution.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]

HALF: Final = 0.5
"""Of a row is added to every bin, so that none is empty."""


def shares(counts: NDArray[np.int64], used: Flags) -> Doubles:
    """Of every bin that is used, along the last axis."""
    filled = counts + HALF * used
    found: Doubles = filled / filled.sum(axis=-1, keepdims=True)
    return found


def psi(seen: Doubles, usual: Doubles) -> Doubles:
    """The population stability index of each column."""
    parts = np.zeros(np.broadcast_shapes(seen.shape, usual.shape))
    there = (seen > 0) & (usual > 0)
    np.log(np.divide(seen, usual, out=np.ones_like(parts), where=there), out=parts)
    found: Doubles = ((seen - usual) * parts).sum(axis=-1)
    return found


def ranks(usual: Doubles) -> Doubles:
    """Where each bin lies in the usual order, from -1/2 to 1/2; what is not known lies in the middle."""
    known = usual[..., :-1]
    total = known.sum(axis=-1, keepdims=True)
    middle = np.cumsum(known, axis=-1) - known / 2
    place = np.divide(middle, total, out=np.full_like(known, HALF), where=total > 0) - HALF
    return np.concatenate([place, np.zeros_like(usual[..., -1:])], axis=-1)


def standard(value: Doubles, mean: Doubles, freedom: Doubles) -> Doubles:
    """Of a multiple of chi-squared (Wilson and Hilferty's cube root)."""
    rest = 2 / (9 * freedom)
    found: Doubles = (np.cbrt(value / mean) - (1 - rest)) / np.sqrt(rest)
    return found
