"""A directory that MLflow wrote comes in: checked like any other, given golden vectors, good for predictions alone.

Its own trust list and its own code are never looked at.
"""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.tree._tree import Tree

from models.artefact import mlmodel, skops_file, structure
from models.artefact.folder import read_one
from models.artefact.golden import FEWEST, choose
from models.artefact.margins import Doubles, Rows, function_of, margins
from models.artefact.mlmodel import Description
from models.artefact.places import by_place, names_of
from models.artefact.refusal import refused
from models.artefact.write import Parts
from models.trees.parts import parts as parts_of

SEED: Final = 20_260_105
"""Golden rows are made up, but the same for the same model."""
SPREAD: Final = (0.01, 1.0, 100.0)
NUMBERS: Final = ("double", "float", "long", "integer", "boolean")
ONLY: Final = "save it with a signature of numbers, or of one column of text"
AGAIN: Final = "save it again with a signature of the table that it learned from"
WHOLE: Final = "save the whole pipeline, vectoriser and model in one, and import that"


def parts(folder: Path, *, trusted: Collection[str] = (), created_at: datetime) -> Parts:
    """Raises Misconfigured naming file and reason; nothing predicts before its structure was checked."""
    described = mlmodel.parse(read_one(folder / mlmodel.FILE, mlmodel.MOST_BYTES), str(folder / mlmodel.FILE))
    where = str(folder / described.model)
    estimator = skops_file.load(read_one(folder / described.model), where, trusted)
    structure.check(estimator, where)
    features = _features(estimator, described, where)
    function = function_of(estimator, where)
    rows = _texts(estimator) if _reads_text(estimator) else _numbers(estimator, len(features))
    try:
        by_place(estimator)
        golden = choose(rows, lambda each: margins(estimator, function, each))
    except Exception as error:
        raise refused(where, f"cannot predict: {type(error).__name__}: {str(error)[:200]}") from error
    training = {"imported_from": folder.name, "golden_rows": "made up"}
    types = _types(described, features, where)
    return Parts(estimator, features, None, golden, created_at, origin="imported", training=training, types=types)


def _reads_text(estimator: Any) -> bool:  # noqa: ANN401 - any estimator
    first = estimator.steps[0][1] if getattr(estimator, "steps", None) else estimator
    return isinstance(first, CountVectorizer)


def _features(estimator: Any, described: Description, where: str) -> list[str]:  # noqa: ANN401
    text = _reads_text(estimator)
    if described.takes_text and not text:
        raise refused(where, "is said to take text, but has no vectoriser of its own", fix=WHOLE)
    if text:
        return list(described.names) if described.takes_text else [mlmodel.TEXT]
    width = getattr(estimator, "n_features_in_", None)
    if type(width) is not int or width < 1:
        raise refused(where, "does not say how many columns it takes", fix="fit it with scikit-learn 1.0 or newer")
    own = names_of(estimator)
    if own and described.names and sorted(own) != sorted(described.names):
        raise refused(where, "learned from other columns than its signature names", fix=AGAIN)
    names = own or described.names or tuple(f"x{number}" for number in range(width))
    if len(names) != width:
        raise refused(where, f"takes {width} columns, its signature names {len(names)}")
    return list(names)


def _types(described: Description, features: list[str], where: str) -> list[str]:
    """Of the columns, as the signature says, in the order of the estimator; none where all are the usual one."""
    types = [kind for _, kind in described.columns]
    if described.takes_text or not types or set(types) == {"double"}:
        return []
    if foreign := sorted(set(types) - set(NUMBERS)):
        raise refused(where, f"takes columns of type {', '.join(foreign)[:100]}", fix=ONLY)
    of = dict(described.columns)
    return [of[name] for name in features]


def _numbers(estimator: Any, width: int) -> Rows:  # noqa: ANN401
    """Values on, just below and just above the thresholds of its trees, mixed with numbers of several sizes."""
    random = np.random.default_rng(SEED)
    rows: Doubles = random.normal(size=(2 * FEWEST, width)) * random.choice(SPREAD, size=(2 * FEWEST, 1))
    for feature, thresholds in _thresholds(estimator, width).items():
        near = np.concatenate([thresholds, np.nextafter(thresholds, -np.inf), np.nextafter(thresholds, np.inf)])
        rows[:FEWEST, feature] = random.choice(near, size=FEWEST)
    return rows


def _thresholds(estimator: Any, width: int) -> dict[int, Doubles]:  # noqa: ANN401
    """Only where the trees see the rows as they come."""
    if hasattr(estimator, "steps"):
        return {}
    found: dict[int, list[float]] = {}
    for _, part in parts_of(estimator):
        for feature, threshold in _splits(part):
            found.setdefault(int(feature), []).append(float(threshold))
    kept = {feature: np.unique(values) for feature, values in found.items() if feature < width}
    return {feature: values[np.isfinite(values)] for feature, values in kept.items() if np.isfinite(values).any()}


def _splits(part: Any) -> Any:  # noqa: ANN401 - pairs of numpy's
    tree = getattr(part, "tree_", None)
    if isinstance(part, TreePredictor):
        nodes = part.nodes[part.nodes["is_leaf"] == 0]
        return zip(nodes["feature_idx"], nodes["num_threshold"], strict=True)
    if isinstance(tree, Tree):
        split = tree.children_left >= 0
        return zip(tree.feature[split], tree.threshold[split], strict=True)
    return ()


def _texts(estimator: Any) -> list[str]:  # noqa: ANN401
    first = estimator.steps[0][1] if hasattr(estimator, "steps") else estimator
    words = sorted(map(str, first.vocabulary_))
    random = np.random.default_rng(SEED)
    counts = random.integers(0, 12, size=2 * FEWEST)
    return [" ".join(random.choice(words, size=count)) for count in counts]
