"""A mind keeps its promises, or refuses the thresholds and limits under which it could not."""

from dataclasses import replace

import numpy as np
import pytest

from models.bank import Bank
from models.decide import by_rules
from models.features import FEATURES
from models.minds import RulesMind
from models.policy import Policy
from models.rules import RULES, Limits, margins


def test_the_digest_is_that_of_the_limits_that_hold() -> None:
    """No decision goes by other limits than those its model is named by."""
    decider = by_rules(Bank(), Policy())
    with pytest.raises(ValueError, match="the digest speaks of"):
        replace(decider, limits=Limits(amount_high_minor=1))


def test_rules_look_at_hits_alone() -> None:
    """Their margins are sums, their codes stand by their margins."""
    every = np.array([[True] * len(RULES), [False] * len(RULES)])
    matrix = np.full((2, len(FEATURES)), np.nan)
    mind = RulesMind(Bank())
    assert mind.margins(matrix, every).tobytes() == margins(every).tobytes()
    first, second = mind.codes(matrix, every, np.zeros(2, np.bool_))
    assert first == [rule.code for rule in sorted(RULES, key=lambda rule: -rule.margin)]
    assert second == []
