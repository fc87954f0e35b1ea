"""What each group of features adds to the margin of a row, shared fairly with the others: its Shapley value.

Two groups often say the same: a burst from a new device. Taking one away then changes nothing, and neither would be a
reason. So every set of groups is tried: those in it as they are, the others at their medians. A group's share is what
it adds to a set, averaged over all orders in which the set may have come together; the shares add up to the margin.
"""

from itertools import combinations
from math import comb
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from models.reasons.codes import CODES

Doubles = NDArray[np.float64]

AT_ONCE: Final = 32
SETS: Final = [set(each) for size in range(len(CODES) + 1) for each in combinations(range(len(CODES)), size)]


class Model(Protocol):
    def margins(self, matrix: Doubles) -> Doubles: ...


def _as_they_are() -> NDArray[np.bool_]:
    """By set and feature."""
    found = np.zeros((len(SETS), sum(len(code.features) for code in CODES)), np.bool_)
    for number, members in enumerate(SETS):
        found[number, [column for member in members for column in CODES[member].columns]] = True
    return found


def _weights() -> Doubles:
    """By code and set: of a set with the code, 1 / (codes x ways to choose the others); else the like below zero."""
    found = np.empty((len(CODES), len(SETS)))
    for number, members in enumerate(SETS):
        for code in range(len(CODES)):
            inside = code in members
            others = comb(len(CODES) - 1, len(members) - inside)
            found[code, number] = (1 if inside else -1) / (len(CODES) * others)
    return found


AS_THEY_ARE: Final = _as_they_are()
WEIGHTS: Final = _weights()


def evidence(model: Model, matrix: Doubles, medians: Doubles) -> Doubles:
    """One row per row, one column per code. A median may be NaN: the feature is usually not known.

    A row's answer does not depend on its neighbours: sums are made set by set.
    """
    rows = np.asarray(matrix, np.float64)
    parts = [_of(model, rows[at : at + AT_ONCE], medians) for at in range(0, len(rows), AT_ONCE)]
    return np.concatenate([np.empty((0, len(CODES))), *parts])


def _of(model: Model, rows: Doubles, medians: Doubles) -> Doubles:
    variants = np.where(AS_THEY_ARE[:, None], rows, medians).reshape(-1, rows.shape[1])
    margins = model.margins(variants).reshape(len(SETS), -1)
    found = np.zeros((len(rows), len(CODES)))
    for weights, margin in zip(WEIGHTS.T, margins, strict=True):
        found += margin[:, None] * weights
    return found
