"""What the library does not check before it follows an index into memory: the nodes of every tree.

A tree is good if every node but the root has exactly one parent, which stands before it, if every split looks at a
feature that rows have, and if every leaf is a finite number. Then walking down it ends, inside the array.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.tree._tree import Tree

from models.artefact.graph import parts
from models.artefact.refusal import refused

MOST_NODES: Final = 1_000_000
NO_CHILD: Final = -1


def check(estimator: Any, where: str) -> None:  # noqa: ANN401 - any estimator
    """Raises Misconfigured naming the tree and the node; never runs a prediction."""
    if not isinstance(estimator, BaseEstimator) or not hasattr(estimator, "predict"):
        raise refused(where, f"holds a {type(estimator).__name__}, which cannot predict")
    checked = set[int]()
    everything = list(parts(estimator))
    for part in everything:
        _no_hidden_methods(part, where)
        _equally_wide(part, where)
        checked |= _trees_of(part, where)
    for part in everything:
        if isinstance(part, TreePredictor | Tree) and id(part) not in checked:
            raise refused(where, "holds a tree that belongs to no model, so nothing says how wide its rows are")
        if getattr(part, "input", "content") != "content":
            raise refused(where, f"holds a {type(part).__name__} that would open the files its input names")
        if getattr(part, "n_jobs", None) is not None:
            part.n_jobs = None  # scoring never starts processes of its own


def _no_hidden_methods(part: Any, where: str) -> None:  # noqa: ANN401
    for name in vars(part):
        if callable(getattr(type(part), name, None)):
            raise refused(where, f"{type(part).__name__} has data in the place of its method {name!r}")


def _equally_wide(part: Any, where: str) -> None:  # noqa: ANN401
    """An ensemble looks at the width of rows once, for all its members."""
    members = vars(part).get("estimators_")
    if members is None:
        return
    if not isinstance(members, list) or "estimators_features_" in vars(part):
        raise refused(where, f"{type(part).__name__} keeps its members in a way that is not accepted")
    width = _width(part, where)
    for number, member in enumerate(members):
        if not hasattr(member, "__dict__") or vars(member).get("n_features_in_") != width:
            raise refused(where, f"member {number} of {type(part).__name__} has rows of another width than {width}")


def _trees_of(part: Any, where: str) -> set[int]:  # noqa: ANN401
    """Checks the trees that this estimator keeps, for rows as wide as it demands them."""
    if "_predictors" in vars(part):
        return _boosted(part, where)
    tree = vars(part).get("tree_")
    if tree is None:
        return set()
    if not isinstance(tree, Tree):
        raise refused(where, f"tree_ of {type(part).__name__} is no tree")
    _check_plain(tree, _width(part, where), where)
    return {id(tree)}


def _boosted(model: Any, where: str) -> set[int]:  # noqa: ANN401
    width = _width(model, where)
    if getattr(model, "_in_fit", False) or getattr(model, "_preprocessor", None) is not None:
        raise refused(where, "the model does not take rows as they are: categorical features are not accepted")
    found = set[int]()
    rounds = model._predictors  # noqa: SLF001 - where the library keeps them
    if not isinstance(rounds, list) or not all(isinstance(each, list) for each in rounds):
        raise refused(where, "its trees are not lists of lists")
    for number, predictor in enumerate(predictor for each in rounds for predictor in each):
        if not isinstance(predictor, TreePredictor):
            raise refused(where, f"tree {number} is a {type(predictor).__name__}")
        check_boosted_nodes(predictor.nodes, width, f"{where}: tree {number}")
        found.add(id(predictor))
    if not np.all(np.isfinite(np.asarray(model._baseline_prediction, np.float64))):  # noqa: SLF001
        raise refused(where, "the margin it begins with is no finite number")
    return found


def check_boosted_nodes(nodes: Any, width: int, where: str) -> None:  # noqa: ANN401
    """One tree of HistGradientBoosting: the array that scikit-learn indexes without looking."""
    if not isinstance(nodes, np.ndarray) or nodes.dtype != PREDICTOR_RECORD_DTYPE or nodes.ndim != 1:
        raise refused(where, "its nodes are not the array that scikit-learn reads")
    leaf = nodes["is_leaf"] != 0
    if nodes["is_categorical"][~leaf].any():
        raise refused(where, "splits on a category; categorical features are not accepted")
    left, right = (nodes[side].astype(np.int64) for side in ("left", "right"))
    _check_nodes(leaf, (left, right), nodes["feature_idx"], width, where)
    _check_finite(nodes["value"][leaf], leaf, where)
    _check_thresholds(nodes["num_threshold"][~leaf], where)


def _check_plain(tree: Tree, width: int, where: str) -> None:
    state = tree.__getstate__()
    nodes, values = state["nodes"], state["values"]
    leaf = nodes["left_child"] == NO_CHILD
    if np.any(leaf != (nodes["right_child"] == NO_CHILD)) or len(nodes) != state["node_count"]:
        raise refused(where, "a node of its tree has one child only")
    _check_nodes(leaf, (nodes["left_child"], nodes["right_child"]), nodes["feature"], width, where)
    _check_finite(values[leaf], leaf, where)
    _check_thresholds(nodes["threshold"][~leaf], where)


def _check_nodes(
    leaf: NDArray[np.bool_],
    children: tuple[NDArray[np.int64], NDArray[np.int64]],
    feature: NDArray[np.int64],
    width: int,
    where: str,
) -> None:
    left, right = children
    count = len(leaf)
    if not 1 <= count <= MOST_NODES:
        raise refused(where, f"has {count} nodes")
    for node in np.flatnonzero(~leaf):
        below = (int(left[node]), int(right[node]))
        if not all(0 <= child < count for child in below):
            raise refused(where, f"node {node} leads to node {max(below)}, but there are {count} (child out of range)")
        if min(below) <= node:
            raise refused(where, f"node {node} leads back to node {min(below)} (a cycle)")
        if not 0 <= feature[node] < width:
            raise refused(where, f"node {node} looks at feature {feature[node]}, but rows have {width} (out of range)")
    reached = np.bincount(np.concatenate([left[~leaf], right[~leaf]]), minlength=count)
    if np.any(reached[1:] != 1):
        raise refused(where, f"node {1 + int(np.argmax(reached[1:] != 1))} does not have exactly one parent")


def _check_finite(values: NDArray[np.float64], leaf: NDArray[np.bool_], where: str) -> None:
    wrong = ~np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if wrong.any():
        raise refused(where, f"leaf at node {int(np.flatnonzero(leaf)[wrong][0])} is no finite number")


def _check_thresholds(thresholds: NDArray[np.float64], where: str) -> None:
    """Infinity is a threshold: it parts what is missing from the rest."""
    if np.isnan(thresholds).any():
        raise refused(where, "a threshold is no number")


def _width(part: Any, where: str) -> int:  # noqa: ANN401
    width = vars(part).get("n_features_in_")
    if type(width) is not int or width < 1:
        raise refused(where, f"{type(part).__name__} does not say how many features its rows have")
    return width
