"""Contenders judged on the same customers: how well they rank them, and whether what they say is what happens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import pi, sqrt
from typing import Final

import numpy as np

from models.churn.encoding import Matrix
from models.churn.learning import Candidate, Labelled
from models.churn.model import ChurnModel
from models.churn.report import About, ChurnReport, Crossed, Data, Known, Lift, Result
from models.judging.calibration import BINS, banded, brier, calibration_error, reliability
from models.judging.counts import Flags
from models.judging.figures import Band, Calibration, Span
from models.judging.ranking import average_precision, roc_auc
from models.numbers import Doubles

DRAWS: Final = 200
LEVEL: Final = 0.95
ROWS_A_BIN: Final = 200
FEWEST_BINS: Final = 5
TENTH: Final = 0.1
BASE: Final = "everybody alike"


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """`said` is the probability that it gives each customer."""

    name: str
    said: Doubles


def contender(name: str, model: ChurnModel, customers: Labelled) -> Contender:
    """Raises Usage where the customers lack a column of the model."""
    rows = customers.rows
    wanted = rows.select([each for each in model.columns if each in rows.schema.names])
    return Contender(name, model.probabilities(model.encoding.matrix(wanted)))


def everybody_alike(customers: Labelled, share: float) -> Contender:
    """What knowing nothing of anybody says."""
    return Contender(BASE, np.full(len(customers), share))


def judge(
    customers: Labelled,
    contenders: Sequence[Contender],
    about: About,
    *,
    crossed: Sequence[float] = (),
    columns: Sequence[Known] = (),
    left_out: Mapping[str, str] | None = None,
) -> ChurnReport:
    return ChurnReport(
        about=about,
        data=Data(rows=len(customers), churners=int(customers.churned.sum()), share=float(customers.churned.mean())),
        crossed=_crossed(crossed) if len(crossed) else None,
        contenders=[_result(each, customers.churned, about.seed) for each in contenders],
        columns=list(columns),
        left_out=dict(left_out or {}),
    )


def columns_of(candidate: Candidate) -> list[Known]:
    """The most telling first. What one says alone is counted on those who taught, what it is worth on the others."""
    encoding = candidate.model.encoding
    taught = encoding.matrix(candidate.learnt.rows.select(encoding.names))
    held = encoding.matrix(candidate.held.rows.select(encoding.names))
    whole = roc_auc(candidate.held.churned, candidate.model.evaluator.margins(held))
    found = [
        Known(
            name=each.name,
            kind=each.kind,
            categories=len(each.features) if each.kind == "category" else 0,
            alone=_alone(each.kind, taught[:, place], candidate.learnt.churned),
            loses=whole - _without(candidate, held, each.typical, place),
        )
        for each, place in zip(encoding.columns, encoding.places(), strict=True)
    ]
    return sorted(found, key=lambda each: (-each.loses, each.name))


def calibration_of(churned: Flags, said: Doubles) -> tuple[Calibration, float]:
    """With as many bins as have rows enough to tell anything; and what error chance alone makes of so few."""
    bins = int(np.clip(len(said) // ROWS_A_BIN, FEWEST_BINS, BINS))
    parts = reliability(churned, said, bins)
    chance = sum(sqrt(2.0 / pi * part.said * (1.0 - part.said) * part.rows) for part in parts) / max(len(said), 1)
    bands = [
        Band(low=low, high=high, rows=part.rows, said=part.said, found=part.found)
        for low, high, part in banded(churned, said)
    ]
    error = calibration_error(churned, said, bins)
    return Calibration(error=error, brier=brier(churned, said), bands=bands), chance


def _result(contender: Contender, churned: Flags, seed: int) -> Result:
    calibration, chance = calibration_of(churned, contender.said)
    return Result(
        name=contender.name,
        auc=roc_auc(churned, contender.said),
        auc_span=_span(churned, contender.said, seed),
        average_precision=average_precision(churned, contender.said),
        top_tenth=_top_tenth(churned, contender.said),
        calibration=calibration,
        chance=chance,
    )


def _span(churned: Flags, said: Doubles, seed: int) -> Span:
    random, found = np.random.default_rng(seed), []
    for _ in range(DRAWS):
        drawn = random.integers(0, len(said), len(said))
        found.append(roc_auc(churned[drawn], said[drawn]))
    outside = (1 - LEVEL) / 2
    low, middle, high = np.nanquantile(found, [outside, 0.5, 1 - outside])
    return Span(low=float(low), middle=float(middle), high=float(high))


def _top_tenth(churned: Flags, said: Doubles) -> Lift:
    called = churned[np.argsort(-said, kind="stable")[: max(int(len(said) * TENTH), 1)]]
    return Lift(precision=float(called.mean()), recall=float(called.sum() / max(churned.sum(), 1)))


def _crossed(folds: Sequence[float]) -> Crossed:
    return Crossed(folds=list(folds), mean=float(np.mean(folds)), least=min(folds), most=max(folds))


def _alone(kind: str, matrix: Matrix, churned: Flags) -> float:
    """Of the number itself, or of its being there, in whichever direction; of categories by how many of each left."""
    blank = np.isnan(matrix[:, 0])
    if kind == "number":
        known = matrix[~blank, 0]
        said = np.where(blank, np.median(known) if len(known) else 0.0, matrix[:, 0])
    else:
        which = np.where(blank, -1, np.where(matrix.max(axis=1) > 0.0, matrix.argmax(axis=1), -2))
        _, place = np.unique(which, return_inverse=True)
        said = (np.bincount(place, churned) / np.bincount(place))[place]
    found = [roc_auc(churned, each.astype(np.float64)) for each in (said, blank)]
    return max(*found, *(1.0 - each for each in found))


def _without(candidate: Candidate, held: Matrix, typical: Doubles, place: slice) -> float:
    changed = held.copy()
    changed[:, place] = typical
    return roc_auc(candidate.held.churned, candidate.model.evaluator.margins(changed))
