"""Which fraud could have been found at all, by the ground truth of the simulator and what was known at the time."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.feature_list import POSITION
from models.features import Matrix
from models.judging.counts import Flags

GENUINE: Final = "genuine"
HIDDEN: Final = "friendly_fraud"
"""The customer's own use, disputed afterwards: nothing tells it from others."""
LABELLED: Final = "compromised_terminal"
"""Usual amounts of usual cards: only an earlier verdict on the terminal reveals them."""
SCENARIOS: Final = frozenset({"card_testing", "stolen_card", LABELLED, "account_takeover", HIDDEN})


def attainable(scenario: NDArray[Any] | None, features: Matrix) -> Flags | None:
    """None where the scenarios are not those of the simulator: then nobody can say."""
    named = set() if scenario is None else {each for each in set(scenario.tolist()) if each not in {None, GENUINE}}
    if scenario is None or not named or not named <= SCENARIOS:
        return None
    revealed = ~np.isnan(features[:, POSITION["terminal_days_since_last_fraud"]])
    found = np.isin(scenario.astype(object), sorted(SCENARIOS - {HIDDEN, LABELLED}))
    found |= (scenario == LABELLED) & revealed
    return found.astype(np.bool_)
