"""What a decider needs compiled, or loaded from disk, before it meets a transaction."""

from typing import Final

import numpy as np

from models.decide import Decider
from models.features import FEATURES
from models.memory import Sight
from models.rule_examples import lot_of
from models.rules import RULES

LOTS: Final = (1, 64)
"""Rows alone and rows by the dozen go different ways through a model."""


def warm(decider: Decider) -> None:
    """Decides, and gives reasons, for rows of which nothing is known."""
    for size in LOTS:
        rows, nothing = lot_of(*({} for _ in range(size))), np.zeros(size, np.int64)
        matrix = np.full((size, len(FEATURES)), np.nan)
        sight = Sight(nothing.astype(np.uint64), nothing, nothing, nothing.astype(np.uint32), matrix)
        decider.decide(rows, sight)
        decider.mind.codes(matrix, np.zeros((size, len(RULES)), np.bool_), np.ones(size, np.bool_))
