from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from models import trees
from models.trees.forest import LEFT, MISSING, RIGHT, Forest
from models.trees.masks import masks

Doubles = NDArray[np.float64]
Make = Callable[..., HistGradientBoostingClassifier]

FEATURES = 5


def less_instead_of_at_most(forest: Forest) -> Forest:
    return replace(forest, threshold=np.nextafter(forest.threshold, -np.inf))


def missing_to_the_other_side(forest: Forest) -> Forest:
    child = forest.child.copy()
    child[:, MISSING] = child[:, LEFT] + child[:, RIGHT] - child[:, MISSING]
    return replace(forest, child=child)


def thresholds_in_single_precision(forest: Forest) -> Forest:
    return replace(forest, threshold=forest.threshold.astype(np.float32).astype(np.float64))


def leaves_in_single_precision(forest: Forest) -> Forest:
    return replace(forest, leaves=forest.leaves.astype(np.float32).astype(np.float64))


def baseline_forgotten(forest: Forest) -> Forest:
    return replace(forest, start=0.0)


def leaves_off_by_one_ulp(forest: Forest) -> Forest:
    return replace(forest, leaves=np.nextafter(forest.leaves, np.inf))


@pytest.mark.parametrize(
    "mutation",
    [
        less_instead_of_at_most,
        missing_to_the_other_side,
        thresholds_in_single_precision,
        leaves_in_single_precision,
        baseline_forgotten,
        leaves_off_by_one_ulp,
    ],
)
@pytest.mark.parametrize("way", ["walk", "masks"])
def test_a_wrong_forest_is_told(
    trained: Make, matrix: Callable[..., Doubles], mutation: Callable[[Forest], Forest], way: str
) -> None:
    """Whichever of the two ways is wrong, and however little."""
    estimator = trained(missing=0.1)
    sound = trees.compile(estimator, FEATURES)
    mutant = mutation(sound.forest)
    wrong = replace(sound, forest=mutant) if way == "walk" else replace(sound, masks=masks(mutant, FEATURES))
    rows = matrix(200, FEATURES, missing=0.1)
    assert trees.parity(sound, estimator, rows) is None
    mismatch = trees.parity(wrong, estimator, rows)
    assert mismatch is not None
    assert mismatch.ours != mismatch.theirs
    assert 0 < mismatch.different <= mismatch.compared
    assert f"differ on {mismatch.different} of {mismatch.compared} rows" in str(mismatch)


class Backwards(trees.Evaluator):
    def margins(self, matrix: Doubles) -> Doubles:
        forest = self.forest
        last_first = replace(forest, roots=forest.roots[::-1].copy())
        return trees.Evaluator(self.features, last_first, None).margins(matrix)


class SinglePrecision(trees.Evaluator):
    def margins(self, matrix: Doubles) -> Doubles:
        total = np.full(len(matrix), self.forest.start, np.float32)
        for root in self.forest.roots:
            tree = replace(self.forest, start=0.0, roots=np.array([root]))
            total += trees.Evaluator(self.features, tree, None).margins(matrix).astype(np.float32)
        return total.astype(np.float64)


class BaselineLast(trees.Evaluator):
    def margins(self, matrix: Doubles) -> Doubles:
        without = replace(self.forest, start=0.0)
        return trees.Evaluator(self.features, without, None).margins(matrix) + self.forest.start


@pytest.mark.parametrize("mutant", [Backwards, SinglePrecision, BaselineLast])
def test_other_additions_are_told(trained: Make, matrix: Callable[..., Doubles], mutant: type[trees.Evaluator]) -> None:
    """The right leaves in another order or precision are not good enough."""
    estimator = trained(missing=0.1)
    sound = trees.compile(estimator, FEATURES)
    wrong = mutant(sound.features, sound.forest, sound.masks)
    assert trees.parity(wrong, estimator, matrix(200, FEATURES, missing=0.1)) is not None


def test_no_rows_are_needed(trained: Make) -> None:
    """Without rows of its own it still looks around every threshold."""
    estimator = trained(missing=0.1)
    sound = trees.compile(estimator, FEATURES)
    wrong = replace(sound, forest=less_instead_of_at_most(sound.forest))
    nothing = np.zeros((0, FEATURES))
    assert trees.parity(sound, estimator, nothing) is None
    assert trees.parity(wrong, estimator, nothing) is not None


def test_names_of_features_do_not_matter(matrix: Callable[..., Doubles]) -> None:
    """A model trained on named columns is compared without a warning."""
    rows = matrix(300, FEATURES)
    estimator = HistGradientBoostingClassifier(max_iter=3).fit(rows, rows[:, 0] > 0.0)
    estimator.feature_names_in_ = np.array([f"feature {number}" for number in range(FEATURES)], object)
    assert trees.parity(trees.compile(estimator, FEATURES), estimator, rows) is None
