"""Builds damaged models and asks for them to be checked; run in a process of its own, since they may end it.

Prints one JSON object: for each damage what was said of it.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from models import trees

Damage = Callable[[], Any]

CHANCE = np.random.default_rng(0)
ROWS = CHANCE.normal(size=(400, 5))
FRAUD = (ROWS[:, 0] + ROWS[:, 1] > 0.0).astype(int)


def boosting() -> Any:
    return HistGradientBoostingClassifier(max_iter=4, max_leaf_nodes=8, early_stopping=False).fit(ROWS, FRAUD)


def with_node(column: str, value: object, node: int = 0, tree: int = 2) -> Damage:
    def make() -> Any:
        model = boosting()
        model._predictors[tree][0].nodes[column][node] = value
        return model

    return make


def with_attribute(name: str, value: object) -> Damage:
    def make() -> Any:
        model = boosting()
        setattr(model, name, value)
        return model

    return make


def with_nodes(change: Callable[[Any], Any]) -> Damage:
    def make() -> Any:
        model = boosting()
        predictor = model._predictors[1][0]
        predictor.nodes = change(predictor.nodes)
        return model

    return make


def with_leaf(value: float) -> Damage:
    def make() -> Any:
        model = boosting()
        nodes = model._predictors[0][0].nodes
        nodes["value"][np.argmax(nodes["is_leaf"])] = value
        return model

    return make


def circle() -> Any:
    """The right child of the root leads back to the root."""
    return with_node("right", 0)()


def shared() -> Any:
    """Both children of the root are one."""
    model = boosting()
    nodes = model._predictors[2][0].nodes
    nodes["right"][0] = nodes["left"][0]
    return model


def island() -> Any:
    """The root is a leaf, and the rest goes round in a circle that nothing leads to."""

    def change(_: Any) -> Any:
        nodes = np.zeros(5, PREDICTOR_RECORD_DTYPE)
        nodes["is_leaf"] = [1, 0, 0, 1, 1]
        nodes["left"][[1, 2]], nodes["right"][[1, 2]] = [2, 1], [3, 4]
        return nodes

    return with_nodes(change)()


def chain() -> Any:
    """Sound in every link, and a thousand links long."""

    def change(_: Any) -> Any:
        nodes = np.zeros(2_001, PREDICTOR_RECORD_DTYPE)
        inner = np.arange(0, 2_000, 2)
        nodes["left"][inner], nodes["right"][inner] = inner + 1, inner + 2
        nodes["is_leaf"][1::2] = nodes["is_leaf"][-1] = 1
        return nodes

    return with_nodes(change)()


def tampered(model: Any, column: str, value: object) -> Any:
    """The first tree of a forest with one node changed, put back as an artefact would."""
    state = model.tree_.__getstate__()
    state["nodes"] = state["nodes"].copy()
    state["nodes"][column][0] = value
    model.tree_.__setstate__(state)
    return model


def tree() -> Any:
    return DecisionTreeClassifier(max_depth=3).fit(ROWS, FRAUD)


def forest() -> Any:
    return RandomForestClassifier(3, max_depth=3, random_state=0).fit(ROWS, FRAUD)


def forest_with_a_bad_tree() -> Any:
    model = forest()
    tampered(model.estimators_[1], "left_child", 1_000_000)
    return model


def forest_of_two_widths() -> Any:
    model = forest()
    model.estimators_[2] = DecisionTreeClassifier().fit(np.tile(ROWS, 3), FRAUD)
    return model


def forest_with_an_untrained_tree() -> Any:
    model = forest()
    model.estimators_[0] = DecisionTreeClassifier()
    return model


def boosting_of_other_things() -> Any:
    model = GradientBoostingClassifier(n_estimators=3).fit(ROWS, FRAUD)
    model.estimators_[1, 0] = StandardScaler()
    return model


def wide_tree_in_a_narrow_owner() -> Any:
    model = tree()
    model.n_features_in_ = 3
    return model


def nested(bad: Any) -> Any:
    pipeline = make_pipeline(StandardScaler(), tree()).fit(ROWS, FRAUD)
    pipeline.steps[-1] = ("last", bad)
    return pipeline


def voted() -> Any:
    model = VotingClassifier([("a", tree()), ("b", tree())]).fit(ROWS, FRAUD)
    model.estimators_[1] = tampered(tree(), "feature", -7)
    return model


DAMAGES: dict[str, Damage] = {
    "child far outside": with_node("left", 4_000_000_000),
    "child just outside": with_node("right", 15),
    "circle": circle,
    "shared child": shared,
    "island": island,
    "chain": chain,
    "feature far outside": with_node("feature_idx", 10**12),
    "feature just outside": with_node("feature_idx", 5),
    "feature below zero": with_node("feature_idx", -1),
    "threshold is no number": with_node("num_threshold", np.nan),
    "leaf is no number": with_leaf(np.nan),
    "leaf is infinite": with_leaf(np.inf),
    "categorical node": with_node("is_categorical", 1),
    "no nodes": with_nodes(lambda nodes: nodes[:0]),
    "nodes of another kind": with_nodes(lambda nodes: nodes["value"].copy()),
    "nodes in a square": with_nodes(lambda nodes: nodes.reshape(-1, 1)),
    "nodes are a list": with_nodes(lambda nodes: nodes.tolist()),
    "no tree": with_attribute("_predictors", [[None]]),
    "not lists": with_attribute("_predictors", (1, 2)),
    "two trees at once": with_attribute("n_trees_per_iteration_", 2),
    "still in training": with_attribute("_in_fit", True),
    "recoded": with_attribute("_preprocessor", StandardScaler()),
    "baseline is no number": with_attribute("_baseline_prediction", np.array([[np.nan]])),
    "baseline in single precision": with_attribute("_baseline_prediction", np.zeros((1, 1), np.float32)),
    "no width": with_attribute("n_features_in_", None),
    "narrower than its trees": with_attribute("n_features_in_", 1),
    "decision tree, child": lambda: tampered(tree(), "right_child", 10**9),
    "decision tree, feature": lambda: tampered(tree(), "feature", 5),
    "decision tree, circle": lambda: tampered(tree(), "left_child", 0),
    "decision tree, threshold": lambda: tampered(tree(), "threshold", np.nan),
    "decision tree, width": wide_tree_in_a_narrow_owner,
    "forest, child": forest_with_a_bad_tree,
    "forest, widths": forest_of_two_widths,
    "boosting of other things": boosting_of_other_things,
    "forest, untrained": forest_with_an_untrained_tree,
    "isolation forest": lambda: IsolationForest(n_estimators=2).fit(ROWS),
    "in a pipeline": lambda: nested(with_node("left", 99)()),
    "alone": with_attribute("max_depth", boosting()._predictors[0][0]),
    "in a vote": voted,
}


def verdict(damage: Damage) -> str:
    model = damage()
    try:
        trees.check(model)
    except trees.Unsound as refusal:
        return f"{refusal.place}: {refusal.fault}"
    return "sound"


def main() -> None:
    sound = {
        "boosting": boosting(),
        "tree": tree(),
        "forest": forest(),
        "gradient boosting": GradientBoostingClassifier(n_estimators=3).fit(ROWS, FRAUD),
        "bagging": BaggingClassifier(max_features=0.5, n_estimators=3).fit(ROWS, FRAUD),
        "pipeline": nested(tree()),
        "three classes": HistGradientBoostingClassifier(max_iter=3).fit(ROWS, np.arange(400) % 3),
        "untrained": HistGradientBoostingClassifier(),
        "nothing": None,
    }
    verdicts = {name: verdict(lambda model=model: model) for name, model in sound.items()}
    json.dump(verdicts | {name: verdict(damage) for name, damage in DAMAGES.items()}, sys.stdout)


if __name__ == "__main__":
    main()
