"""Evidence is the Shapley value of each group, each row by itself."""

from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.features import FEATURES, POSITION
from models.reasons import CODES
from models.reasons.evidence import AT_ONCE, evidence
from models.trees.evaluator import Evaluator

NEUTRAL = np.where(np.arange(len(FEATURES)) == POSITION["card_days_since_fraud"], np.nan, 0.5)


def test_shares_by_hand(past: tuple[np.ndarray, np.ndarray], model: Evaluator) -> None:
    """What a group adds when the groups are put in place one after the other, on average over all orders."""
    rows, expected = past[0][:3], np.zeros((3, len(CODES)))
    orders = list(permutations(range(len(CODES))))
    for each in orders:
        filled, before = np.tile(NEUTRAL, (3, 1)), model.margins(np.tile(NEUTRAL, (3, 1)))
        for at in each:
            filled[:, CODES[at].columns] = rows[:, CODES[at].columns]
            margin = model.margins(filled)
            expected[:, at] += (margin - before) / len(orders)
            before = margin
    assert evidence(model, rows, NEUTRAL) == pytest.approx(expected, abs=1e-9)


def test_shares_add_up_to_the_margin(past: tuple[np.ndarray, np.ndarray], model: Evaluator) -> None:
    """Nothing is lost and nothing is counted twice."""
    rows = past[0][:50]
    added = evidence(model, rows, NEUTRAL).sum(axis=1)
    assert added == pytest.approx(model.margins(rows) - model.margins(NEUTRAL[None]), abs=1e-9)


@pytest.mark.parametrize("size", [1, 7, AT_ONCE, AT_ONCE + 1])
def test_a_row_has_no_neighbours(past: tuple[np.ndarray, np.ndarray], model: Evaluator, size: int) -> None:
    """In every bit, whatever the lot; no rows are no evidence."""
    rows = past[0][:100]
    whole = evidence(model, rows, NEUTRAL)
    parts = [evidence(model, rows[at : at + size], NEUTRAL) for at in range(0, len(rows), size)]
    assert np.concatenate(parts).tobytes() == whole.tobytes()
    assert evidence(model, rows[:0], NEUTRAL).shape == (0, len(CODES))


class Shared:
    """A model that needs an unusual amount or a burst, and is satisfied with one of them."""

    def margins(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = np.maximum(
            matrix[:, POSITION["ratio_mean_30d"]], matrix[:, POSITION["count_10min"]]
        )
        return found


def test_shared_evidence_is_shared() -> None:
    """Taking either away would change nothing; each has half, the others have none."""
    row = np.zeros((1, len(FEATURES)))
    row[0, [POSITION["ratio_mean_30d"], POSITION["count_10min"]]] = 2.0
    found = evidence(Shared(), row, np.zeros(len(FEATURES)))[0]
    shared = [code.code in {"burst", "amount_unusual"} for code in CODES]
    assert found == pytest.approx(np.where(shared, 1.0, 0.0))
