"""Margins of a few rows: from the root of each tree down to a leaf, one row after the other."""

import numpy as np
from numpy.typing import NDArray

from models.trees.forest import Forest
from schemas.compiled import compiled


def walk(forest: Forest, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each row starts at the baseline and adds its leaves in the order of the trees, as scikit-learn does."""
    margins = np.full(len(matrix), forest.start)
    _add(matrix, forest.roots, forest.feature, forest.threshold, forest.child, forest.leaves, margins)
    return margins


@compiled
def _add(  # noqa: PLR0917 a kernel takes plain arrays
    matrix: NDArray[np.float64],
    roots: NDArray[np.int64],
    feature: NDArray[np.int64],
    threshold: NDArray[np.float64],
    child: NDArray[np.int64],
    leaves: NDArray[np.float64],
    margins: NDArray[np.float64],
) -> None:
    for tree in range(len(roots)):
        for row in range(len(matrix)):
            node = roots[tree]
            while node >= 0:
                x = matrix[row, feature[node]]
                side = 0 if x <= threshold[node] else 1
                if np.isnan(x):
                    side = 2
                node = child[node, side]
            margins[row] += leaves[~node]
