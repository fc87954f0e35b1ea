from dataclasses import dataclass

import numpy as np
import pytest

from consumer.replaying.contributions import contributions
from models.bank import Bank
from models.decide import Decider, ModelRef, by_rules
from models.features import FEATURES, POSITION, Matrix
from models.minds import ModelMind
from models.numbers import Doubles
from models.policy import Policy
from models.reasons import CODES, Reasons
from models.rules import RULES


@dataclass(frozen=True)
class Linear:
    """Its margin is a constant and twice one feature."""

    feature: str

    def margins(self, matrix: Matrix, /) -> Doubles:
        return -3.0 + 2.0 * matrix[:, POSITION[self.feature]]


def row(**features: float) -> Matrix:
    matrix = np.zeros((1, len(FEATURES)))
    for name, value in features.items():
        matrix[0, POSITION[name]] = value
    return matrix


def test_a_models_margin_is_shared_among_groups() -> None:
    """The base is what it says of what is usual; the group of the feature has all of the rest."""
    linear = Linear("count_10min")
    reasons = Reasons(linear, np.zeros(len(FEATURES)), np.zeros((14, len(CODES))))
    mind = ModelMind(ModelRef("fraud", "1", "ab"), linear, reasons)
    decider = Decider(mind, Policy(), Bank().limits)
    base, first, *others = contributions(decider, row(count_10min=2.0), np.zeros((1, len(RULES)), np.bool_))
    assert (base.code, first.code) == ("base", "burst")
    assert (base.margin, first.margin) == (pytest.approx(-3.0), pytest.approx(4.0))
    assert [each.margin for each in others] == pytest.approx([0.0] * len(others))


def test_rules_add_what_is_declared() -> None:
    """Those that hit, the strongest first; one that did not is no part of it."""
    decider = by_rules(Bank(), Policy())
    hits = np.array([[rule.code in {"amount_high", "amount_extreme"} for rule in RULES]])
    found = contributions(decider, row(amount_minor=900_000.0), hits)
    assert [each.code for each in found] == ["base", "amount_extreme", "amount_high"]
    assert sum(each.margin for each in found) == decider.mind.margins(row(), hits)[0]
