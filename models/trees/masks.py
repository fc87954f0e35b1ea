"""Margins of many rows: every split of a tree strikes out leaves, and the first leaf left is the row's.

A row that goes right at a split cannot end in a leaf below its left child. So each tree keeps one bit per leaf, from
left to right, and takes the lowest bit that no split has struck out: no row has a way of its own, and the processor
works on dozens of rows at once.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.trees.forest import Forest
from models.trees.grid import Grid, grid
from schemas.compiled import compiled

Doubles = NDArray[np.float64]
Bits = NDArray[np.unsignedinteger[Any]]

BLOCK: Final = 256
PER_PASS: Final = 7
WIDTHS: Final = (np.uint8, np.uint32, np.uint64)


@dataclass(frozen=True, slots=True)
class Masks:
    """Splits in passes of PER_PASS, those of tree t from `first[t]`: where the rank in `line` is above `limit`, the
    leaves outside `keep` are struck out. `units` are the first bit and all bits, `picks[s]` those bits whose number has
    bit s.
    """

    forest: Forest
    grid: Grid
    first: NDArray[np.int64]
    line: NDArray[np.int64]
    limit: NDArray[np.uint8]
    keep: Bits
    units: Bits
    picks: Bits

    def margins(self, matrix: Doubles) -> Doubles:
        """The same additions in the same order as `walk`."""
        margins = np.full(len(matrix), self.forest.start)
        ranks = np.zeros((2 * len(self.grid.low), min(BLOCK, len(matrix))), np.uint8)
        with np.errstate(all="ignore"):  # infinities, where nothing is compiled
            for start in range(0, len(matrix), BLOCK):
                self.grid.ranks(matrix[start : start + BLOCK], ranks)
                self._add(ranks, margins[start : start + BLOCK])
        return margins

    def _add(self, ranks: NDArray[np.uint8], margins: Doubles) -> None:
        forest = self.forest
        _add(
            ranks,
            self.first,
            self.line,
            self.limit,
            self.keep,
            self.units,
            self.picks,
            forest.leaves,
            forest.first_leaf,
            margins,
        )


def masks(forest: Forest, features: int) -> Masks | None:
    """None if the model is too large for it: more than 64 leaves in a tree or 255 thresholds on a feature."""
    width = next((width for width in WIDTHS if np.iinfo(width).bits >= forest.most_leaves), None)
    ranked = grid(forest, features)
    if width is None or ranked is None:
        return None
    passes = -(-np.diff(forest.first_split) // PER_PASS)
    first = np.concatenate((np.zeros(1, np.int64), np.cumsum(passes)))
    tree = np.repeat(np.arange(forest.trees), np.diff(forest.first_split))
    place = first[tree] * PER_PASS + np.arange(len(tree)) - forest.first_split[tree]
    line = 2 * forest.feature + ~forest.missing_goes_left()
    return Masks(
        forest,
        ranked,
        first,
        _passes(first[-1], place, line, np.zeros((), np.int64)),
        _passes(first[-1], place, ranked.limits(forest), np.zeros((), np.uint8)),
        _passes(first[-1], place, _kept(forest, tree, width), np.full((), np.iinfo(width).max, width)),
        np.array([1, np.iinfo(width).max], width),
        _picks(width),
    )


def _passes(count: int, place: NDArray[np.int64], given: NDArray[Any], empty: NDArray[Any]) -> NDArray[Any]:
    """A table of passes, with the `empty` value in places that no split has: to keep all leaves changes nothing."""
    table = np.full(count * PER_PASS, empty, empty.dtype)
    table[place] = given
    return table.reshape(-1, PER_PASS)


def _kept(forest: Forest, tree: NDArray[np.int64], width: type[np.unsignedinteger[Any]]) -> Bits:
    begin, middle = forest.begin - forest.first_leaf[tree], forest.middle - forest.first_leaf[tree]
    full = int(np.iinfo(width).max)
    pairs = zip(begin.tolist(), middle.tolist(), strict=True)
    return np.array([full & ~((1 << end) - (1 << start)) for start, end in pairs], width)


def _picks(width: type[np.unsignedinteger[Any]]) -> Bits:
    bits = np.iinfo(width).bits
    steps = range(bits.bit_length() - 1)
    return np.array([sum(1 << bit for bit in range(bits) if bit >> step & 1) for step in steps], width)


@compiled
def _strike(
    ranks: NDArray[np.uint8], line: NDArray[np.int64], limit: NDArray[np.uint8], keep: Bits, left: Bits
) -> None:
    """One pass: written out, since the processor takes seven splits in one go only if there is no inner loop."""
    a, b, c, d, e, f, g = line[0], line[1], line[2], line[3], line[4], line[5], line[6]
    limit_a, limit_b, limit_c, limit_d = limit[0], limit[1], limit[2], limit[3]
    limit_e, limit_f, limit_g = limit[4], limit[5], limit[6]
    keep_a, keep_b, keep_c, keep_d = keep[0], keep[1], keep[2], keep[3]
    keep_e, keep_f, keep_g = keep[4], keep[5], keep[6]
    for row in range(len(left)):
        bits = left[row]
        if ranks[a, row] > limit_a:
            bits &= keep_a
        if ranks[b, row] > limit_b:
            bits &= keep_b
        if ranks[c, row] > limit_c:
            bits &= keep_c
        if ranks[d, row] > limit_d:
            bits &= keep_d
        if ranks[e, row] > limit_e:
            bits &= keep_e
        if ranks[f, row] > limit_f:
            bits &= keep_f
        if ranks[g, row] > limit_g:
            bits &= keep_g
        left[row] = bits


@compiled
def _number_of_lowest(left: Bits, units: Bits, picks: Bits, leaf: NDArray[np.uint8]) -> None:
    """The number of the lowest bit set, put together bit by bit."""
    one = units[0]
    for row in range(len(left)):
        left[row] = left[row] & ~(left[row] - one)
        leaf[row] = 0
    for step in range(len(picks)):
        pick = picks[step]
        for row in range(len(left)):
            if left[row] & pick:
                leaf[row] |= 1 << step


@compiled
def _add(  # noqa: PLR0917 a kernel takes plain arrays
    ranks: NDArray[np.uint8],
    first: NDArray[np.int64],
    line: NDArray[np.int64],
    limit: NDArray[np.uint8],
    keep: Bits,
    units: Bits,
    picks: Bits,
    leaves: Doubles,
    first_leaf: NDArray[np.int64],
    margins: Doubles,
) -> None:
    rows = len(margins)
    left = np.empty(rows, keep.dtype)
    leaf = np.empty(rows, np.uint8)
    for tree in range(len(first) - 1):
        left[:] = units[1]
        for at in range(first[tree], first[tree + 1]):
            _strike(ranks, line[at], limit[at], keep[at], left)
        _number_of_lowest(left, units, picks, leaf)
        start = first_leaf[tree]
        for row in range(rows):
            margins[row] += leaves[start + leaf[row]]
