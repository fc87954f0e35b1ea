"""Is a compiled model still the model it was made from? Compared bit by bit before it is used."""

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.trees.evaluator import FEW, Evaluator

Doubles = NDArray[np.float64]

STRANGE: Final = (np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, -5e-324)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The first row on which the two differ, out of `different` among `compared`."""

    row: list[float]
    ours: float
    theirs: float
    different: int
    compared: int

    def __str__(self) -> str:
        return (
            f"compiled and original model differ on {self.different} of {self.compared} rows, first "
            f"{self.ours.hex()} for {self.theirs.hex()} on {self.row}"
        )


def parity(evaluator: Evaluator, estimator: Any, rows: Doubles) -> Mismatch | None:  # noqa: ANN401 scikit-learn has no types
    """None if both give the same bits on these rows and on rows at, just below and just above every threshold."""
    probes = np.concatenate((np.asarray(rows, np.float64), edges(evaluator, rows)))
    theirs = _theirs(estimator, probes)
    return _compare(evaluator.margins(probes), theirs, probes) or _compare(
        _in_small_lots(evaluator, probes), theirs, probes
    )


def edges(evaluator: Evaluator, rows: Doubles) -> Doubles:
    """The given rows in turn, or zeros, each with one feature at a place where mistakes would show."""
    places = [(feature, value) for feature in range(evaluator.features) for value in _edges(evaluator, feature)]
    given = rows if len(rows) else np.zeros((1, evaluator.features))
    probes = np.array(given[np.arange(len(places)) % len(given)], np.float64)
    for probe, (feature, value) in zip(probes, places, strict=True):
        probe[feature] = value
    return probes


def _edges(evaluator: Evaluator, feature: int) -> list[float]:
    forest = evaluator.forest
    thresholds = np.unique(forest.threshold[forest.feature == feature])
    with np.errstate(all="ignore"):  # beyond the largest number is infinity
        below, above = np.nextafter(thresholds, -np.inf), np.nextafter(thresholds, np.inf)
    return [*np.concatenate((below, thresholds, above)).tolist(), *STRANGE]


def _theirs(estimator: Any, probes: Doubles) -> Doubles:  # noqa: ANN401 scikit-learn has no types
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X does not have valid feature names", UserWarning)
        return np.asarray(estimator.decision_function(probes), np.float64)


def _in_small_lots(evaluator: Evaluator, probes: Doubles) -> Doubles:
    size = FEW - 1
    return np.concatenate([evaluator.margins(probes[at : at + size]) for at in range(0, len(probes), size)])


def _compare(ours: Doubles, theirs: Doubles, probes: Doubles) -> Mismatch | None:
    differs = np.flatnonzero(ours.view(np.int64) != theirs.view(np.int64))
    if len(differs) == 0:
        return None
    first = differs[0]
    return Mismatch(probes[first].tolist(), float(ours[first]), float(theirs[first]), len(differs), len(probes))
