from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from support.pace import times_as_fast

from models import trees
from models.trees import grid, masks
from models.trees import walk as walking
from models.trees.parity import STRANGE, edges
from models.trees.walk import walk

Doubles = NDArray[np.float64]
Make = Callable[..., HistGradientBoostingClassifier]

LOTS = (1, 2, 7, 64, 1_000)
THRESHOLDS = st.one_of(
    st.floats(allow_nan=False), st.floats(-5.0, 5.0), st.sampled_from([*STRANGE[1:], 1.0, 2.0, 1.7976931348623157e308])
)


def bits(margins: Doubles) -> bytes:
    return margins.tobytes()


def in_lots(evaluator: trees.Evaluator, rows: Doubles, size: int) -> Doubles:
    return np.concatenate([evaluator.margins(rows[at : at + size]) for at in range(0, len(rows), size)])


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    size=st.tuples(st.integers(1, 300), st.integers(1, 64), st.integers(1, 6)),
    thresholds=st.lists(THRESHOLDS, min_size=1, max_size=300),
)
def test_any_forest_gives_the_bits_of_scikit_learn(
    drawn: Make, seed: int, size: tuple[int, int, int], thresholds: list[float]
) -> None:
    """Any trees, any thresholds: rows on and beside them, missing and infinite values, by both ways."""
    chance = np.random.default_rng(seed)
    count, leaves, features = size
    estimator = drawn(chance, count, leaves, features, thresholds)
    evaluator = trees.compile(estimator, features)
    with np.errstate(all="ignore"):
        beside = np.concatenate((np.nextafter(thresholds, -np.inf), np.nextafter(thresholds, np.inf)))
    rows = chance.choice(np.concatenate((thresholds, beside, STRANGE)), (300, features))
    expected = bits(estimator.decision_function(rows))
    assert bits(walk(evaluator.forest, rows)) == expected
    assert bits(evaluator.margins(rows)) == expected
    if evaluator.masks:
        assert bits(np.concatenate([evaluator.masks.margins(rows[:5]), evaluator.masks.margins(rows[5:])])) == expected


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"max_iter": 200, "features": 29, "rows": 3_000},
        {"missing": 0.2},
        {"missing": 0.95},
        {"max_iter": 1, "max_leaf_nodes": 2},
        {"max_iter": 300, "max_leaf_nodes": 3},
        {"max_leaf_nodes": 31, "missing": 0.1, "features": 12, "rows": 5_000},
        {"max_leaf_nodes": 9, "min_samples_leaf": 1},
        {"max_leaf_nodes": 33, "min_samples_leaf": 1},
        {"max_leaf_nodes": 64, "min_samples_leaf": 1, "missing": 0.1},
        {"max_leaf_nodes": None, "max_depth": 9, "min_samples_leaf": 1},
        {"max_bins": 3},
        {"rows": 2},
        {"rows": 60, "features": 1, "min_samples_leaf": 1},
        {"monotonic_cst": [1, 0, -1, 0, 1]},
        {"class_weight": "balanced"},
        {"weights": True, "missing": 0.1},
        {"l2_regularization": 3.0, "learning_rate": 1.0, "interaction_cst": [[0, 1], [2, 3, 4]]},
        {"early_stopping": True, "max_iter": 100},
    ],
    ids=str,
)
def test_any_training_gives_the_bits_of_scikit_learn(
    trained: Make, matrix: Callable[..., Doubles], chosen: dict[str, int]
) -> None:
    """However it was trained: lots of every size have the bits of scikit-learn, also around every threshold."""
    estimator = trained(**chosen)
    features = estimator.n_features_in_
    evaluator = trees.compile(estimator, features)
    rows = matrix(500, features, missing=0.1, seed=7)
    rows = np.concatenate((rows, edges(evaluator, rows)))[:3_000]
    expected = bits(estimator.decision_function(rows))
    for size in LOTS:
        assert bits(in_lots(evaluator, rows, size)) == expected


def test_infinities_in_training(matrix: Callable[..., Doubles]) -> None:
    """Thresholds beside infinite values are as good as any."""
    rows = matrix(600, 3, missing=0.1).round(1).clip(-9.0, 9.0)
    rows[::5, 0], rows[1::5, 0], rows[2::5, 1] = np.inf, -np.inf, -np.inf
    estimator = HistGradientBoostingClassifier(max_iter=30, early_stopping=False)
    estimator.fit(rows, (rows[:, 0] > 1.0) ^ (rows[:, 1] < -1.0))
    assert trees.parity(trees.compile(estimator, 3), estimator, rows) is None


def test_more_than_the_masks_can_hold(drawn: Make) -> None:
    """More leaves than bits, or more thresholds than a byte can tell apart: walked, with the same bits."""
    chance = np.random.default_rng(3)
    wide = drawn(chance, 5, 200, 2, [0.0, 1.0])
    fine = drawn(chance, 200, 8, 1, np.linspace(-1.0, 1.0, 2_000).tolist())
    for estimator, features in ((wide, 2), (fine, 1)):
        evaluator = trees.compile(estimator, features)
        assert evaluator.masks is None
        assert trees.parity(evaluator, estimator, chance.normal(size=(200, features))) is None


def test_the_masks_hold_what_training_can_make(drawn: Make) -> None:
    """255 thresholds on a feature, the most that training makes, fit into a byte; one more does not."""
    for count, fits in ((255, True), (256, False)):
        thresholds = np.append(np.linspace(-1.0, 1.0, count - 1), np.inf)
        estimator = drawn(np.random.default_rng(3), 300, 64, 1, thresholds.tolist())
        evaluator = trees.compile(estimator, 1)
        assert len(np.unique(evaluator.forest.threshold)) == count
        assert (evaluator.masks is not None) is fits
        assert trees.parity(evaluator, estimator, np.linspace(-1.1, 1.1, 300).reshape(-1, 1)) is None


def test_no_rows(trained: Make) -> None:
    """An empty lot has no margins."""
    assert trees.compile(trained(), 5).margins(np.zeros((0, 5))).shape == (0,)


def test_the_layout_in_memory_does_not_matter(trained: Make, matrix: Callable[..., Doubles]) -> None:
    """Read-only, column-wise, strided and single precision rows are what they say they are."""
    evaluator, rows = trees.compile(trained(), 5), matrix(200, 5).astype(np.float32)
    expected = bits(evaluator.margins(rows.astype(np.float64)))
    fixed = rows.astype(np.float64)
    fixed.flags.writeable = False
    for given_rows in (rows, fixed, np.asfortranarray(fixed), np.repeat(fixed, 2, axis=0)[::2], fixed.astype(">f8")):
        assert bits(evaluator.margins(given_rows)) == expected
        assert bits(evaluator.margins(given_rows[:3])) == expected[:24]


def test_nothing_is_compiled_in_the_middle_of_traffic() -> None:
    """Whatever the tests before have asked for, there is no more than `warm` compiled: one of each, one per width."""
    kernels = [walking._add, grid._cell, grid._rank, masks._add]
    assert [len(kernel.signatures) for kernel in kernels] == [1, 1, 1, len(masks.WIDTHS)]


@pytest.mark.parametrize("shape", [(3, 4), (3, 6), (5,), (1, 1, 5)])
def test_rows_of_another_width(trained: Make, shape: tuple[int, ...]) -> None:
    """Rows that do not fit the model are refused, not read past their end."""
    with pytest.raises(ValueError, match="a matrix with 5 columns is needed"):
        trees.compile(trained(), 5).margins(np.zeros(shape))


def test_the_estimator_may_go(trained: Make, matrix: Callable[..., Doubles]) -> None:
    """A compiled model keeps nothing of the estimator: changing that one changes no margin."""
    estimator, rows = trained(), matrix(100, 5)
    evaluator = trees.compile(estimator, 5)
    before = bits(evaluator.margins(rows))
    for (predictor,) in estimator._predictors:
        predictor.nodes["value"] = 7.0
        predictor.nodes["num_threshold"] = 0.0
    assert bits(evaluator.margins(rows)) == before


def test_compiled_trees_are_much_faster_than_those_of_scikit_learn(drawn: Make) -> None:
    """In a lot of a usual size; a tenth of the time is usual."""
    chance = np.random.default_rng(3)
    estimator = drawn(chance, 100, 31, 29, chance.normal(size=200).tolist())
    evaluator, rows = trees.compile(estimator, 29), chance.normal(size=(1_000, 29))
    assert times_as_fast(lambda: evaluator.margins(rows), lambda: estimator.decision_function(rows)) > 3
