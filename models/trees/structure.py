"""Every tree inside an estimator ends at a finite leaf for every row, without leaving its memory.

scikit-learn follows children and features without looking: one that is out of range ends the process, a circle never
ends. So nothing of an estimator from elsewhere is evaluated before `check` has passed. It looks at trees wherever they
hide (pipelines, forests, votes); everything else is the business of the list of trusted types.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from types import FunctionType, ModuleType
from typing import Any, Final

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.ensemble._forest import BaseForest
from sklearn.ensemble._gb import BaseGradientBoosting
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import BaseHistGradientBoosting
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.tree import BaseDecisionTree
from sklearn.tree._tree import Tree

from models.trees.refusals import Unsound
from models.trees.shapes import bounds, shape_of_predictor, shape_of_tree

BASELINE: Final = "_baseline_prediction"


def check(estimator: object) -> None:
    """Return if every tree is sound, else raise `Unsound` with the first fault and its place."""
    for place, part in _parts(estimator):
        if isinstance(part, BaseHistGradientBoosting) and hasattr(part, "_predictors"):
            _boosting(place, part)
        elif isinstance(part, BaseForest | BaseGradientBoosting) and hasattr(part, "estimators_"):
            _equally_wide(place, part)
        elif isinstance(part, IsolationForest):
            raise Unsound(place, "it is an isolation forest, which is not examined")
        elif isinstance(part, BaseDecisionTree) and hasattr(part, "tree_"):
            _tree(place, part)
        elif isinstance(part, Tree):
            bounds(place, shape_of_tree(part), int(part.n_features))


def width(place: str, estimator: object) -> int:
    """The number of features every row is checked to have before the trees see it."""
    found = getattr(estimator, "n_features_in_", None)
    if not isinstance(found, int | np.integer) or found < 1:
        raise Unsound(place, f"n_features_in_ is {found!r}, not a number of features")
    return int(found)


def _parts(estimator: object) -> Iterator[tuple[str, object]]:
    """Everything reachable, once, with its place; deep nests do not deepen the stack."""
    seen: set[int] = set()
    waiting = [(type(estimator).__name__, estimator)]
    while waiting:
        place, part = waiting.pop()
        if id(part) not in seen:
            seen.add(id(part))
            yield place, part
            waiting.extend(_inside(place, part))


def _inside(place: str, part: object) -> list[tuple[str, object]]:
    if isinstance(part, Mapping):
        return [(f"{place}[{key!r}]", each) for key, each in part.items()]
    if isinstance(part, list | tuple | set | frozenset):
        return [(f"{place}[{position}]", each) for position, each in enumerate(part)]
    if isinstance(part, np.ndarray):
        return _inside(place, part.ravel().tolist()) if part.dtype == object else []
    if isinstance(part, type | ModuleType | FunctionType) or not hasattr(part, "__dict__"):
        return []
    return [(f"{place}.{name}", each) for name, each in vars(part).items()]


def _equally_wide(place: str, forest: Any) -> None:  # noqa: ANN401 scikit-learn has no types
    """A forest checks the width of a row once, for all its trees."""
    expected = width(place, forest)
    for position, tree in enumerate(np.ravel(np.asarray(forest.estimators_, object))):
        where = f"{place}.estimators_[{position}]"
        if not isinstance(tree, BaseDecisionTree) or not hasattr(tree, "tree_"):
            raise Unsound(where, f"is {type(tree).__name__}, not a trained tree")
        if width(where, tree) != expected:
            raise Unsound(where, f"reads {width(where, tree)} features, the rows have {expected}")


def _tree(place: str, owner: Any) -> None:  # noqa: ANN401 scikit-learn has no types
    tree = owner.tree_
    if not isinstance(tree, Tree):
        raise Unsound(place, f"tree_ is {type(tree).__name__}, not a tree")
    if tree.n_features != width(place, owner):
        raise Unsound(place, f"its tree reads {tree.n_features} features, the rows have {width(place, owner)}")


def _boosting(place: str, boosting: Any) -> None:  # noqa: ANN401 scikit-learn has no types
    features, trees = width(place, boosting), getattr(boosting, "n_trees_per_iteration_", 0)
    if getattr(boosting, "_in_fit", False):
        raise Unsound(place, "it says that it is still being trained, and would take features for bins")
    if getattr(boosting, "_preprocessor", None) is not None:
        raise Unsound(place, "it recodes categories, which is not examined")
    _baseline(place, getattr(boosting, BASELINE, None), trees)
    iterations = boosting._predictors  # noqa: SLF001 there is no other way
    if not isinstance(iterations, list) or not all(isinstance(each, list) for each in iterations):
        raise Unsound(place, "_predictors is no list of lists")
    if any(len(each) != trees for each in iterations):
        raise Unsound(place, f"an iteration has not {trees} trees")
    for number, predictor in enumerate(chain.from_iterable(iterations)):
        _predictor(f"{place}, tree {number}", predictor, features)


def _baseline(place: str, baseline: object, trees: int) -> None:
    if not isinstance(baseline, np.ndarray) or baseline.dtype != np.float64 or baseline.shape != (1, trees):
        raise Unsound(place, f"{BASELINE} is not one double for each tree of an iteration")
    if not np.isfinite(baseline).all():
        raise Unsound(place, f"{BASELINE} is not finite")


def _predictor(place: str, predictor: object, features: int) -> None:
    if type(predictor) is not TreePredictor:
        raise Unsound(place, f"is {type(predictor).__name__}, not a tree")
    nodes = getattr(predictor, "nodes", None)
    if not isinstance(nodes, np.ndarray) or nodes.dtype != PREDICTOR_RECORD_DTYPE or nodes.ndim != 1:
        raise Unsound(place, "its nodes are not a list of node records")
    if (nodes["is_categorical"] != 0).any():
        raise Unsound(place, "it splits on categories, which is not examined")
    bounds(place, shape_of_predictor(nodes), features)
