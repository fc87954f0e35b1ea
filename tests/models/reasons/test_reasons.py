"""Two to four reasons, strongest first, the same in every lot."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.features import POSITION
from models.reasons import CODES, Reasons, medians
from models.reasons.reasons import BEYOND, order, rarity
from models.rules import RULES
from models.trees.evaluator import Evaluator

Past = tuple[np.ndarray, np.ndarray]
NAMES = [code.code for code in CODES]


@pytest.fixture(scope="module")
def reasons(past: Past, model: Evaluator) -> Reasons:
    return Reasons.of(medians(*past, model), model)


def hits(rows: int, *codes: str) -> np.ndarray:
    return np.tile([rule.code in codes for rule in RULES], (rows, 1))


def test_what_makes_the_score_is_named(past: Past, reasons: Reasons) -> None:
    """An amount by its ratio, a terminal by its labels, both by both."""
    rows = past[0][:3].copy()
    ratio, run = POSITION["ratio_median_30d"], POSITION["terminal_fraud_run"]
    rows[:, [ratio, run]] = [[6.0, 0.0], [1.0, 5.0], [6.0, 5.0]]
    amount, terminal, both = reasons.codes(rows, hits(3))
    assert (amount[0], terminal[0]) == ("amount_unusual", "terminal_fraud")
    assert set(both[:2]) == {"amount_unusual", "terminal_fraud"}


@pytest.mark.parametrize(
    "given", [(), ("foreign_country",), ("amount_high", "amount_extreme"), tuple(r.code for r in RULES)]
)
def test_two_to_four_and_rules_among_them(past: Past, reasons: Reasons, given: tuple[str, ...]) -> None:
    """The model's come first; rules stand by their margins; none is there twice."""
    for found in reasons.codes(past[0][:200], hits(200, *given)):
        assert 2 <= len(found) <= 4
        assert len(set(found)) == len(found)
        kinds = [code in NAMES for code in found]
        hit = [rule for rule in RULES if rule.code in found]
        if kinds != sorted(kinds, reverse=True):
            assert len(found) == 2
        assert {rule.code for rule in hit} <= set(given)
        ranked = [code for code in found if code not in NAMES]
        assert ranked == [rule.code for rule in sorted(hit, key=lambda rule: -rule.margin)]


def test_a_row_has_no_neighbours(past: Past, reasons: Reasons) -> None:
    """Alone or among others, its reasons are the same, and their strengths in every bit."""
    rows = past[0][:100]
    whole = reasons.codes(rows, hits(100))
    assert [reasons.codes(rows[at : at + 1], hits(1))[0] for at in range(100)] == whole
    alone = np.concatenate([reasons.strengths(rows[at : at + 1])[0] for at in range(100)])
    assert alone.tobytes() == reasons.strengths(rows)[0].tobytes()
    assert reasons.codes(rows[:0], hits(0)) == []


def by_columns(effects: np.ndarray, tails: np.ndarray) -> np.ndarray:
    """The same in numpy's words."""
    found = np.empty_like(effects)
    for column, tail in enumerate(tails.T):
        effect = effects[:, column]
        below = np.searchsorted(tail, effect, "left")
        low, high = tail[np.maximum(below - 1, 0)], tail[np.minimum(below, len(tail) - 1)]
        part = np.divide(effect - low, high - low, out=np.zeros_like(effect), where=(high > low) & (below > 0))
        beyond = BEYOND * np.maximum(effect - tail[-1], 0.0)
        found[:, column] = np.where(below == 0, 0.0, below + part - (below == len(tail)) * part + beyond)
    return found


COLUMN = st.lists(st.floats(-1e6, 1e6) | st.sampled_from([0.0, -0.0, 1.0]), min_size=3, max_size=3)


@given(st.lists(COLUMN.map(sorted), min_size=1, max_size=4), st.data())
def test_rarity_has_the_bits_of_numpy(tails: list[list[float]], data: st.DataObject) -> None:
    """Row by row as column by column: on a halving, between two, beyond the last, and where it is not known."""
    known = st.sampled_from([each for tail in tails for each in tail]) | st.floats(-2e6, 2e6) | st.just(float("nan"))
    rows = data.draw(st.lists(st.lists(known, min_size=len(tails), max_size=len(tails)), min_size=1, max_size=4))
    effects, columns = np.array(rows), np.array(tails).T
    assert rarity(effects, columns).tobytes() == by_columns(effects, columns).tobytes()
    assert rarity(np.asfortranarray(effects), columns).tobytes() == rarity(effects, columns).tobytes()


def test_rarity_counts_halvings() -> None:
    """Nothing at or below the first, one more for each step passed, in between a line, beyond the last slowly on."""
    tails = np.array([[0.0], [0.0], [1.0], [3.0]])
    effects = np.array([[-1.0], [0.0], [0.5], [1.0], [2.0], [3.0], [8.0]])
    assert rarity(effects, tails).ravel().tolist() == pytest.approx([0.0, 0.0, 2.5, 3.0, 3.5, 4.0, 5.0])


def test_nearly_equal_ones_stand_in_the_declared_order() -> None:
    """Within a tenth of the strongest that is left."""
    assert order(np.array([1.0, 9.1, 10.0, 0.95])) == [1, 2, 0, 3]
    assert order(np.array([1.0, 8.9, 10.0, 1.2])) == [2, 1, 3, 0]
    assert order(np.zeros(4)) == [0, 1, 2, 3]


def test_what_somebody_else_flagged_gets_no_reason_against_it(past: Past, reasons: Reasons) -> None:
    """The model's two are owed where it flags; elsewhere it says what speaks for fraud, be it nothing."""
    rows = past[0][:300]
    owed = np.arange(300) % 2 == 0
    found, full = reasons.codes(rows, hits(300), owed), reasons.codes(rows, hits(300))
    assert [found[row] for row in range(0, 300, 2)] == full[::2]
    _, speaks = reasons.strengths(rows)
    others = range(1, 300, 2)
    assert [set(found[row]) for row in others] == [
        {NAMES[at] for at in np.flatnonzero(speaks[row])} & set(found[row]) for row in others
    ]
    assert min(len(found[row]) for row in others) == 0
