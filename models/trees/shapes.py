"""One tree as scikit-learn keeps it, and whether every row comes to a finite leaf in it."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.trees.refusals import Unsound

DEEPEST: Final = 512
NO_CHILD: Final = -1


@dataclass(frozen=True, slots=True)
class Shape:
    """One tree of either kind; entries of leaves in `left`, `right`, `feature`, `threshold` mean nothing."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    value: NDArray[np.float64]
    leaf: NDArray[np.bool_]


def shape_of_predictor(nodes: NDArray[Any]) -> Shape:
    return Shape(
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        feature=nodes["feature_idx"].astype(np.int64),
        threshold=nodes["num_threshold"],
        value=nodes["value"],
        leaf=nodes["is_leaf"] != 0,
    )


def shape_of_tree(tree: Any) -> Shape:  # noqa: ANN401 scikit-learn has no types
    left = np.asarray(tree.children_left, np.int64)
    return Shape(
        left=left,
        right=np.asarray(tree.children_right, np.int64),
        feature=np.asarray(tree.feature, np.int64),
        threshold=tree.threshold,
        value=tree.value.reshape(len(left), -1),
        leaf=left == NO_CHILD,
    )


def bounds(place: str, tree: Shape, features: int) -> None:
    """Return if rows of so many features stay inside, else raise `Unsound` with the first node at fault."""
    if len(tree.leaf) == 0:
        raise Unsound(place, "it has no nodes")
    splits = ~tree.leaf
    _each(place, splits & ((tree.feature < 0) | (tree.feature >= features)), f"feature is not one of {features}")
    _each(place, splits & np.isnan(tree.threshold), "threshold is not a number")
    finite = np.isfinite(tree.value).reshape(len(tree.leaf), -1).all(axis=1)
    _each(place, tree.leaf & ~finite, "value is not finite")
    for children in (tree.left, tree.right):
        _each(place, splits & ((children < 0) | (children >= len(tree.leaf))), "child is outside the tree")
    _once(place, tree, splits)


def _once(place: str, tree: Shape, splits: NDArray[np.bool_]) -> None:
    """From the root every node is reached, by one way only, in a bounded number of steps."""
    parents = np.bincount(np.concatenate((tree.left[splits], tree.right[splits])), minlength=len(splits))
    expected = np.ones_like(parents)
    expected[0] = 0
    _each(place, parents > expected, "it can be reached in more than one way")
    reached, level, depth = 1, np.zeros(1, np.int64), 0
    while len(inner := level[splits[level]]):
        depth += 1
        if depth > DEEPEST:
            raise Unsound(place, f"it is more than {DEEPEST} levels deep")
        level = np.concatenate((tree.left[inner], tree.right[inner]))
        reached += len(level)
    if reached != len(splits):
        raise Unsound(place, f"{len(splits) - reached} of its {len(splits)} nodes are never reached")


def _each(place: str, faulty: NDArray[np.bool_], fault: str) -> None:
    if faulty.any():
        raise Unsound(f"{place}, node {int(np.argmax(faulty))}", fault)
