"""Numbers into bins: whole counts, the same however rows are cut into lots.

Bin i holds what lies above edge i - 1 and not above edge i, so a value that is common is the upper end of its own bin
and leaves it when it grows by a tenth. What is not known has a bin of its own, the last.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from schemas.compiled import compiled

Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]

unsigned = np.uint64
"""An index that cannot be negative: the check for one costs a fifth of the time."""

WIDTH: Final = 32
UNKNOWN: Final = WIDTH - 1
MOST: Final = 20
"""Bins of known values."""
LEAST: Final = 0.005
"""Of all rows, in every bin: of 2,000 rows a day ten."""


def edges_of(matrix: Doubles) -> Doubles:
    """One row of WIDTH edges per column, filled up with infinity."""
    table = np.full((matrix.shape[1], WIDTH), np.inf)
    for column, edges in enumerate(table):
        found = _edges(matrix[:, column])
        edges[: len(found)] = found
    return table


def used(edges: Doubles) -> NDArray[np.bool_]:
    """Which bins can hold anything: one more than there are edges, and the one for what is not known."""
    last = np.isfinite(edges).sum(axis=1)
    found: NDArray[np.bool_] = (np.arange(WIDTH) <= last[:, None]) | (np.arange(WIDTH) == UNKNOWN)
    return found


def _edges(column: Doubles) -> Doubles:
    known = np.sort(column[np.isfinite(column)])
    if not len(known):
        return known
    values, counts = np.unique(known, return_counts=True)
    found = _upper_ends(values, counts, LEAST * len(column))
    if len(found):
        return found
    usual = values[np.argmax(counts)]
    return np.array([np.nextafter(usual, -np.inf), usual])


def _upper_ends(values: Doubles, counts: Integers, least: float) -> Doubles:
    """A bin ends once it holds its share, or before a value that has as much alone."""
    upto = np.cumsum(counts)
    total = int(upto[-1])
    enough = max(total / MOST, least)
    common = np.append(np.flatnonzero(counts >= enough), len(values))
    found: list[float] = []
    before = 0
    while len(found) < MOST - 1:
        first, full = (int(np.searchsorted(upto, before + wanted)) for wanted in (least, enough))
        if first >= len(values) or total - upto[first] < least:
            break
        end = min(full, int(common[np.searchsorted(common, first, "right")]) - 1)
        end = end if total - upto[end] >= least else first
        found.append(float(values[end]))
        before = int(upto[end])
    return np.array(found)


@compiled
def count(matrix: Doubles, first: int, slot: Integers, edges: Doubles, counts: Integers) -> None:
    """Adds to `counts[slot of the row, column, bin]`, the columns from `first` on, by halving without a branch.

    Every comparison with what is not known is false, which leads to the last bin.
    """
    for row in range(unsigned(matrix.shape[0])):
        mine = counts[slot[row]]
        for column in range(unsigned(matrix.shape[1])):
            value, ends = matrix[row, column], edges[unsigned(first) + column]
            found = unsigned(16) * unsigned(not value <= ends[15])
            found += unsigned(8) * unsigned(not value <= ends[found + unsigned(7)])
            found += unsigned(4) * unsigned(not value <= ends[found + unsigned(3)])
            found += unsigned(2) * unsigned(not value <= ends[found + unsigned(1)])
            found += unsigned(not value <= ends[found])
            mine[unsigned(first) + column, found] += 1
