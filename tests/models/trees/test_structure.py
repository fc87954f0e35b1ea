import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
BOOSTING = "HistGradientBoostingClassifier"
SOUND = (
    "boosting",
    "tree",
    "forest",
    "gradient boosting",
    "bagging",
    "pipeline",
    "three classes",
    "untrained",
    "nothing",
)
FAULTS = {
    "child far outside": f"{BOOSTING}, tree 2, node 0: child is outside the tree",
    "child just outside": f"{BOOSTING}, tree 2, node 0: child is outside the tree",
    "circle": f"{BOOSTING}, tree 2, node 0: it can be reached in more than one way",
    "shared child": f"{BOOSTING}, tree 2, node 1: it can be reached in more than one way",
    "island": f"{BOOSTING}, tree 1: 4 of its 5 nodes are never reached",
    "chain": f"{BOOSTING}, tree 1: it is more than 512 levels deep",
    "feature far outside": f"{BOOSTING}, tree 2, node 0: feature is not one of 5",
    "feature just outside": f"{BOOSTING}, tree 2, node 0: feature is not one of 5",
    "feature below zero": f"{BOOSTING}, tree 2, node 0: feature is not one of 5",
    "threshold is no number": f"{BOOSTING}, tree 2, node 0: threshold is not a number",
    "leaf is no number": f"{BOOSTING}, tree 0, node 3: value is not finite",
    "leaf is infinite": f"{BOOSTING}, tree 0, node 3: value is not finite",
    "categorical node": f"{BOOSTING}, tree 2: it splits on categories, which is not examined",
    "no nodes": f"{BOOSTING}, tree 1: it has no nodes",
    "nodes of another kind": f"{BOOSTING}, tree 1: its nodes are not a list of node records",
    "nodes in a square": f"{BOOSTING}, tree 1: its nodes are not a list of node records",
    "nodes are a list": f"{BOOSTING}, tree 1: its nodes are not a list of node records",
    "no tree": f"{BOOSTING}, tree 0: is NoneType, not a tree",
    "not lists": f"{BOOSTING}: _predictors is no list of lists",
    "two trees at once": f"{BOOSTING}: _baseline_prediction is not one double for each tree of an iteration",
    "still in training": f"{BOOSTING}: it says that it is still being trained, and would take features for bins",
    "recoded": f"{BOOSTING}: it recodes categories, which is not examined",
    "baseline is no number": f"{BOOSTING}: _baseline_prediction is not finite",
    "baseline in single precision": f"{BOOSTING}: _baseline_prediction is not one double for each tree of an iteration",
    "no width": f"{BOOSTING}: n_features_in_ is None, not a number of features",
    "narrower than its trees": f"{BOOSTING}, tree 0, node 1: feature is not one of 1",
    "decision tree, child": "DecisionTreeClassifier.tree_, node 0: child is outside the tree",
    "decision tree, feature": "DecisionTreeClassifier.tree_, node 0: feature is not one of 5",
    "decision tree, circle": "DecisionTreeClassifier.tree_, node 0: it can be reached in more than one way",
    "decision tree, threshold": "DecisionTreeClassifier.tree_, node 0: threshold is not a number",
    "decision tree, width": "DecisionTreeClassifier: its tree reads 5 features, the rows have 3",
    "forest, child": "RandomForestClassifier.estimators_[1].tree_, node 0: child is outside the tree",
    "forest, widths": "RandomForestClassifier.estimators_[2]: reads 15 features, the rows have 5",
    "forest, untrained": "RandomForestClassifier.estimators_[0]: is DecisionTreeClassifier, not a trained tree",
    "boosting of other things": "GradientBoostingClassifier.estimators_[1]: is StandardScaler, not a trained tree",
    "isolation forest": "IsolationForest: it is an isolation forest, which is not examined",
    "in a pipeline": "Pipeline.steps[1][1], tree 2, node 0: child is outside the tree",
    "alone": f"{BOOSTING}.max_depth: the tree belongs to no model, so nothing says how wide its rows are",
    "in a vote": "VotingClassifier.estimators_[1].tree_, node 0: feature is not one of 5",
}


@pytest.fixture(scope="module")
def verdicts() -> Mapping[str, str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(Path(__file__).with_name("hostile.py"))],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("model", SOUND)
def test_what_scikit_learn_makes_is_sound(verdicts: Mapping[str, str], model: str) -> None:
    """Every kind of trained trees passes, and so does what has no trees."""
    assert verdicts[model] == "sound"


@pytest.mark.parametrize("damage", FAULTS)
def test_a_damaged_model_is_refused(verdicts: Mapping[str, str], damage: str) -> None:
    """It says where and what, and nothing of the model has been evaluated: the process is alive."""
    assert verdicts[damage] == FAULTS[damage]


def test_every_damage_is_expected(verdicts: Mapping[str, str]) -> None:
    """None is built without being looked at."""
    assert set(verdicts) == {*SOUND, *FAULTS}
