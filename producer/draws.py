"""What is drawn at random, each from a stream of its own: none moves because another is asked for more."""

from enum import IntEnum

import numpy as np


class Draw(IntEnum):
    TRAVEL = 1
    USES = 2
    ARRIVAL = 3
    LABELS = 4
    EPISODES = 5
    ORDER = 6


def generator(seed: int, draw: Draw, *where: int) -> np.random.Generator:
    """`where` tells one place of the draw from the others: a day, a scenario."""
    return np.random.default_rng([seed, int(draw), *where])
