"""One byte says where a feature's value stands among the thresholds of a model: how many are below it.

A row of cells of equal width is laid over the thresholds of a feature; the cell of a value is found by one
multiplication, the rest in as many halving steps as the fullest cell needs. Which cell a value falls in never decreases
as the value grows, whatever rounding does, so the count is exact. Values and thresholds pass through the same
arithmetic.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.trees.forest import Forest
from schemas.compiled import compiled

Doubles = NDArray[np.float64]
Bytes = NDArray[np.uint8]
Integers = NDArray[np.int64]

CELLS: Final = 1024
MOST_THRESHOLDS: Final = 255


@dataclass(frozen=True, slots=True)
class Grid:
    """`thresholds` of all features one after the other, `count[f]` of feature f from `first[f]` on, each followed by
    infinities, so that its `steps[f]` never look at the next one's. `below[f, c]` of them are in cells before c.
    """

    first: Integers
    count: Integers
    steps: Integers
    thresholds: Doubles
    low: Doubles
    scale: Doubles
    below: Bytes

    def ranks(self, matrix: Doubles, ranks: Bytes) -> None:
        """Fill two lines per feature, one column per row: a missing value is below all in the first, above all in the
        second line.
        """
        _rank(matrix, self.first, self.count, self.steps, self.thresholds, self.low, self.scale, self.below, ranks)

    def limits(self, forest: Forest) -> Integers:
        """For each split the rank above which a row goes right."""
        found = np.empty(len(forest.feature), np.int64)
        for feature, (start, count) in enumerate(zip(self.first, self.count, strict=True)):
            its = forest.feature == feature
            found[its] = np.searchsorted(self.thresholds[start : start + count], forest.threshold[its])
        return found


def grid(forest: Forest, features: int) -> Grid | None:
    """None if a feature has more thresholds than a byte can tell apart."""
    own = [np.unique(forest.threshold[forest.feature == feature]) for feature in range(features)]
    count = np.array([len(each) for each in own], np.int64)
    if count.max() > MOST_THRESHOLDS:
        return None
    lines = np.array([_line(thresholds) for thresholds in own])
    below = np.array([_below(thresholds, *line) for thresholds, line in zip(own, lines.tolist(), strict=True)])
    steps = [int(fullest).bit_length() for fullest in np.diff(below, axis=1).max(axis=1)]
    padded = [np.append(each, np.full(1 << step, np.inf)) for each, step in zip(own, steps, strict=True)]
    return Grid(
        first=np.cumsum([0, *(len(each) for each in padded[:-1])]),
        count=count,
        steps=np.array(steps, np.int64),
        thresholds=np.concatenate(padded),
        low=lines[:, 0].copy(),
        scale=lines[:, 1].copy(),
        below=below.astype(np.uint8),
    )


def _line(thresholds: Doubles) -> tuple[float, float]:
    finite = thresholds[np.isfinite(thresholds)]
    if len(finite) == 0:
        return 0.0, 0.0
    with np.errstate(over="ignore", divide="ignore"):  # then all are in the first or the last cell
        return float(finite[0]), float(CELLS / (finite[-1] - finite[0]))


def _below(thresholds: Doubles, low: float, scale: float) -> Integers:
    cells = [_cell(threshold, low, scale) for threshold in thresholds.tolist()]
    return np.searchsorted(np.array(cells, np.int64), np.arange(CELLS + 1)).astype(np.int64)


@compiled
def _cell(x: float, low: float, scale: float) -> int:
    place = (x - low) * scale
    if place >= CELLS - 1:
        return CELLS - 1
    if place > 0.0:
        return int(place)
    return 0


@compiled
def _rank(  # noqa: PLR0917 a kernel takes plain arrays
    matrix: Doubles,
    first: Integers,
    count: Integers,
    steps: Integers,
    thresholds: Doubles,
    low: Doubles,
    scale: Doubles,
    below: Bytes,
    ranks: Bytes,
) -> None:
    rows = len(matrix)
    values, found = np.empty(rows), np.empty(rows, np.int64)
    for feature in range(len(low)):
        if count[feature] == 0:
            continue
        start = first[feature]
        for row in range(rows):
            values[row] = matrix[row, feature]
            found[row] = start + below[feature, _cell(values[row], low[feature], scale[feature])]
        half = 1 << steps[feature] >> 1
        while half > 0:
            for row in range(rows):
                if thresholds[found[row] + half - 1] < values[row]:
                    found[row] += half
            half >>= 1
        for row in range(rows):
            rank = found[row] - start
            ranks[2 * feature, row] = rank
            ranks[2 * feature + 1, row] = MOST_THRESHOLDS if np.isnan(values[row]) else rank
