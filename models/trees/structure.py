"""Every tree inside an estimator ends at a finite leaf for every row, without leaving its memory.

scikit-learn follows children and features without looking: one that is out of range ends the process, a circle never
ends. So nothing of an estimator from elsewhere is evaluated before `check` has passed. It looks at trees wherever they
hide (pipelines, forests, votes); everything else is the business of the list of trusted types.
"""

from itertools import chain
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

from models.trees.parts import parts
from models.trees.refusals import Unsound
from models.trees.shapes import bounds, shape_of_predictor, shape_of_tree

BASELINE: Final = "_baseline_prediction"


def check(estimator: object) -> None:
    """Return if every tree is sound, else raise `Unsound` with the first fault and its place."""
    alone, owned = dict[int, str](), set[int]()
    for place, part in parts(estimator):
        if isinstance(part, BaseHistGradientBoosting) and hasattr(part, "_predictors"):
            owned.update(map(id, _boosting(place, part)))
        elif isinstance(part, BaseForest | BaseGradientBoosting) and hasattr(part, "estimators_"):
            _equally_wide(place, part)
        elif isinstance(part, IsolationForest):
            raise Unsound(place, "it is an isolation forest, which is not examined")
        elif isinstance(part, BaseDecisionTree) and hasattr(part, "tree_"):
            owned.add(id(_tree(place, part)))
        elif isinstance(part, Tree | TreePredictor):
            alone[id(part)] = place
    for tree in alone.keys() - owned:
        raise Unsound(alone[tree], "the tree belongs to no model, so nothing says how wide its rows are")


def width(place: str, estimator: object) -> int:
    """The number of features every row is checked to have before the trees see it."""
    found = getattr(estimator, "n_features_in_", None)
    if not isinstance(found, int | np.integer) or found < 1:
        raise Unsound(place, f"n_features_in_ is {found!r}, not a number of features")
    return int(found)


def _equally_wide(place: str, forest: Any) -> None:  # noqa: ANN401 scikit-learn has no types
    """A forest checks the width of a row once, for all its trees."""
    expected = width(place, forest)
    for position, tree in enumerate(np.ravel(np.asarray(forest.estimators_, object))):
        where = f"{place}.estimators_[{position}]"
        if not isinstance(tree, BaseDecisionTree) or not hasattr(tree, "tree_"):
            raise Unsound(where, f"is {type(tree).__name__}, not a trained tree")
        if width(where, tree) != expected:
            raise Unsound(where, f"reads {width(where, tree)} features, the rows have {expected}")


def _tree(place: str, owner: Any) -> object:  # noqa: ANN401 scikit-learn has no types
    tree = owner.tree_
    if not isinstance(tree, Tree):
        raise Unsound(place, f"tree_ is {type(tree).__name__}, not a tree")
    if tree.n_features != width(place, owner):
        raise Unsound(place, f"its tree reads {tree.n_features} features, the rows have {width(place, owner)}")
    bounds(f"{place}.tree_", shape_of_tree(tree), int(tree.n_features))
    return tree


def _boosting(place: str, boosting: Any) -> list[object]:  # noqa: ANN401 scikit-learn has no types
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
    predictors = list(chain.from_iterable(iterations))
    for number, predictor in enumerate(predictors):
        _predictor(f"{place}, tree {number}", predictor, features)
    return predictors


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
