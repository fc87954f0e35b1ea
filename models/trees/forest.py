"""The trees of a boosted model as a few flat arrays: splits parent first, leaves from left to right."""

from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.trees.shapes import shape_of_predictor
from models.trees.structure import BASELINE

Integers = NDArray[np.int64]
Doubles = NDArray[np.float64]

LEFT: Final = 0
RIGHT: Final = 1
MISSING: Final = 2


@dataclass(frozen=True, slots=True)
class Forest:
    """`child` has the columns LEFT, RIGHT and MISSING: another split, or the leaf `~child` where it is below zero.

    `first_split` and `first_leaf` have one entry per tree and the end. The leaves below the left child of a split are
    those from `begin` up to before `middle`.
    """

    start: float
    roots: Integers
    first_split: Integers
    first_leaf: Integers
    feature: Integers
    threshold: Doubles
    child: Integers
    begin: Integers
    middle: Integers
    leaves: Doubles

    @property
    def trees(self) -> int:
        return len(self.roots)

    @property
    def most_leaves(self) -> int:
        return int(np.diff(self.first_leaf).max(initial=1))

    def missing_goes_left(self) -> NDArray[np.bool_]:
        left: NDArray[np.bool_] = self.child[:, MISSING] == self.child[:, LEFT]
        return left


@dataclass(slots=True)
class _Growing:
    roots: list[int] = field(default_factory=list)
    first_split: list[int] = field(default_factory=lambda: [0])
    first_leaf: list[int] = field(default_factory=lambda: [0])
    feature: list[int] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    child: list[list[int]] = field(default_factory=list)
    begin: list[int] = field(default_factory=list)
    middle: list[int] = field(default_factory=list)
    leaves: list[float] = field(default_factory=list)

    def add(self, nodes: NDArray[Any]) -> None:
        shape = shape_of_predictor(nodes)
        missing_left = (nodes["missing_go_to_left"] != 0).tolist()
        left, right, leaf = shape.left.tolist(), shape.right.tolist(), shape.leaf.tolist()
        feature, threshold, value = shape.feature.tolist(), shape.threshold.tolist(), shape.value.tolist()
        waiting = [(0, NO_PARENT, LEFT)]
        while waiting:
            node, parent, side = waiting.pop()
            self._attach(~len(self.leaves) if leaf[node] else len(self.feature), parent, side)
            if leaf[node]:
                self.leaves.append(value[node])
                continue
            waiting += [(right[node], len(self.feature), RIGHT), (left[node], len(self.feature), LEFT)]
            self._split(feature[node], threshold[node], missing_left[node])
        self.first_split.append(len(self.feature))
        self.first_leaf.append(len(self.leaves))

    def _attach(self, here: int, parent: int, side: int) -> None:
        if parent == NO_PARENT:
            self.roots.append(here)
            return
        self.child[parent][side] = here
        if side == RIGHT:
            self.middle[parent] = len(self.leaves)

    def _split(self, feature: int, threshold: float, missing_left: bool) -> None:
        self.feature.append(feature)
        self.threshold.append(threshold)
        self.child.append([0, 0, LEFT if missing_left else RIGHT])
        self.begin.append(len(self.leaves))
        self.middle.append(0)


NO_PARENT: Final = -1


def forest(boosting: Any) -> Forest:  # noqa: ANN401 scikit-learn has no types
    """Of a checked model with one tree per iteration."""
    growing = _Growing()
    for predictor in chain.from_iterable(boosting._predictors):  # noqa: SLF001 its only place
        growing.add(predictor.nodes)
    child = np.array(growing.child, np.int64).reshape(-1, 3)
    child[:, MISSING] = np.where(child[:, MISSING] == LEFT, child[:, LEFT], child[:, RIGHT])
    return Forest(
        # scikit-learn adds the baseline to zeros
        start=0.0 + float(getattr(boosting, BASELINE)[0, 0]),
        roots=np.array(growing.roots, np.int64),
        first_split=np.array(growing.first_split, np.int64),
        first_leaf=np.array(growing.first_leaf, np.int64),
        feature=np.array(growing.feature, np.int64),
        threshold=np.array(growing.threshold, np.float64),
        child=child,
        begin=np.array(growing.begin, np.int64),
        middle=np.array(growing.middle, np.int64),
        leaves=np.array(growing.leaves, np.float64),
    )
