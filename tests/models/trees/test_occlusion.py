from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from models import trees

Doubles = NDArray[np.float64]
Make = Callable[..., HistGradientBoostingClassifier]

FEATURES = 5
GROUPS = (("amount", [0]), ("place", [1, 3]), ("nothing", []), ("everything", range(FEATURES)))


@pytest.fixture(scope="module")
def evaluator(trained: Make) -> trees.Evaluator:
    return trees.compile(trained(missing=0.1), FEATURES)


def test_a_group_is_worth_what_the_margin_loses_without_it(
    evaluator: trees.Evaluator, matrix: Callable[..., Doubles]
) -> None:
    """Margin less the margin with the group at its medians, to the bit."""
    rows, medians = matrix(300, FEATURES, missing=0.1), np.array([0.1, 1.0, 2.0, np.nan, 0.5])
    found = trees.occlusions(evaluator, rows, medians, GROUPS)
    margins = evaluator.margins(rows)
    for column, (_, members) in enumerate(GROUPS):
        replaced = rows.copy()
        for member in members:
            replaced[:, member] = medians[member]
        np.testing.assert_array_equal(found[:, column], margins - evaluator.margins(replaced))


def test_a_row_does_not_depend_on_its_neighbours(evaluator: trees.Evaluator, matrix: Callable[..., Doubles]) -> None:
    """One at a time or all at once: the same bits."""
    rows, medians = matrix(270, FEATURES, missing=0.1), np.zeros(FEATURES)
    together = trees.occlusions(evaluator, rows, medians, GROUPS)
    alone = [trees.occlusions(evaluator, rows[at : at + 1], medians, GROUPS) for at in range(len(rows))]
    assert np.concatenate(alone).tobytes() == np.ascontiguousarray(together).tobytes()


def test_the_usual_row_owes_nothing_to_anyone(evaluator: trees.Evaluator) -> None:
    """A row at the medians has no reasons, nor has a group without features."""
    medians = np.array([0.1, 1.0, 2.0, np.nan, 0.5])
    assert not trees.occlusions(evaluator, medians[np.newaxis], medians, GROUPS).any()


def test_the_rows_are_left_alone(evaluator: trees.Evaluator, matrix: Callable[..., Doubles]) -> None:
    """Read-only rows are good enough."""
    rows = matrix(3, FEATURES)
    rows.flags.writeable = False
    assert trees.occlusions(evaluator, rows, np.zeros(FEATURES), GROUPS).shape == (3, len(GROUPS))


def test_no_rows(evaluator: trees.Evaluator) -> None:
    """No alerts, no reasons."""
    found = trees.occlusions(evaluator, np.zeros((0, FEATURES)), np.zeros(FEATURES), GROUPS)
    assert found.shape == (0, len(GROUPS))


@pytest.mark.parametrize("member", [-1, FEATURES])
def test_a_group_of_unknown_features(evaluator: trees.Evaluator, member: int) -> None:
    """A mistake in the declaration is named."""
    with pytest.raises(ValueError, match="group 'odd' names a feature"):
        trees.occlusions(evaluator, np.zeros((1, FEATURES)), np.zeros(FEATURES), [("odd", [member])])


def test_too_few_medians(evaluator: trees.Evaluator) -> None:
    """One median per feature, no less."""
    with pytest.raises(ValueError, match="5 medians are needed"):
        trees.occlusions(evaluator, np.zeros((1, FEATURES)), np.zeros(3), GROUPS)
