"""How much of a margin is owed to each group of features: the reasons of an alert."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.trees.evaluator import Evaluator

Doubles = NDArray[np.float64]
Groups = Sequence[tuple[str, Sequence[int]]]

AT_ONCE = 256


def occlusions(evaluator: Evaluator, matrix: Doubles, medians: Doubles, groups: Groups) -> Doubles:
    """The margin less the margin with the group's features at their medians: one row per row, one column per group.

    A row's answer does not depend on its neighbours. A median may be NaN: then the feature is usually missing.
    """
    usual = np.asarray(medians, np.float64)
    if usual.shape != (evaluator.features,):
        raise ValueError(f"{evaluator.features} medians are needed, not {usual.shape}")
    _inside(evaluator, groups)
    parts = [_occlude(evaluator, matrix[at : at + AT_ONCE], usual, groups) for at in range(0, len(matrix), AT_ONCE)]
    return np.concatenate([np.empty((0, len(groups))), *parts])


def _occlude(evaluator: Evaluator, matrix: Doubles, medians: Doubles, groups: Groups) -> Doubles:
    variants = np.repeat(np.asarray(matrix, np.float64)[np.newaxis], len(groups) + 1, axis=0)
    for variant, (_, members) in zip(variants[1:], groups, strict=True):
        columns = list(members)
        variant[:, columns] = medians[columns]
    margins = evaluator.margins(variants.reshape(-1, evaluator.features)).reshape(len(variants), -1)
    differences: Doubles = margins[0] - margins[1:]
    return differences.T


def _inside(evaluator: Evaluator, groups: Groups) -> None:
    for name, members in groups:
        if not all(0 <= member < evaluator.features for member in members):
            raise ValueError(f"group {name!r} names a feature that is not one of {evaluator.features}")
