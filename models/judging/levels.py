"""The figures of one threshold: by count, by amount, of critical amounts, of what was attainable, by scenario."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.judging import figures
from models.judging.attainable import GENUINE
from models.judging.contender import Contender
from models.judging.counts import Counts, Flags, ratio
from models.judging.rows import Rows


def level(rows: Rows, flagged: Flags, threshold: float, critical_minor: int) -> figures.Level:
    """Of all rows; those whose outcome is not known count as alerts and in nothing else."""
    known, hit = rows.settled(), flagged[rows.known]
    critical = known.amount >= critical_minor
    return figures.Level(
        threshold=threshold,
        alerts_per_day=ratio(int(np.count_nonzero(flagged)), rows.days),
        tally=tally(known.fraud, hit),
        critical=tally(known.fraud[critical], hit[critical]),
        value=value(known, hit),
        attainable_recall=_attainable_recall(known, hit, np.ones(len(known), np.bool_)),
        critical_attainable_recall=_attainable_recall(known, hit, critical),
    )


def tally(fraud: Flags, flagged: Flags) -> figures.Tally:
    counts = Counts.of(fraud, flagged)
    names = ("tp", "fp", "fn", "tn", "precision", "recall", "fpr", "accuracy", "f1", "mcc")
    return figures.Tally(**{name: getattr(counts, name) for name in names})


def value(known: Rows, flagged: Flags) -> figures.Value:
    fraud, all_flagged = _total(known.amount, known.fraud), _total(known.amount, flagged)
    caught = _total(known.amount, known.fraud & flagged)
    return figures.Value(
        caught_minor=caught,
        missed_minor=fraud - caught,
        share=ratio(caught, fraud),
        precision=ratio(caught, all_flagged),
    )


def scenarios(rows: Rows, contender: Contender) -> list[figures.Scenario]:
    """In the order of their names; empty where no ground truth names them."""
    if rows.scenario is None:
        return []
    known, score = rows.settled(), contender.score[rows.known]
    review, block = score >= contender.at.review_at, score >= contender.at.block_at
    named = known.scenario if known.scenario is not None else np.empty(0, object)
    names = sorted({str(each) for each in set(named[known.fraud].tolist()) if each not in {None, GENUINE}})
    return [_scenario(name, known.take(which := named == name), review[which], block[which]) for name in names]


def _scenario(name: str, rows: Rows, review: Flags, block: Flags) -> figures.Scenario:
    return figures.Scenario(
        name=name,
        frauds=int(np.count_nonzero(rows.fraud)),
        attainable=None if rows.attainable is None else int(np.count_nonzero(rows.attainable & rows.fraud)),
        review_recall=Counts.of(rows.fraud, review).recall,
        block_recall=Counts.of(rows.fraud, block).recall,
        attainable_recall=_attainable_recall(rows, review, np.ones(len(rows), np.bool_)),
        value_share=value(rows, review).share,
    )


def _attainable_recall(known: Rows, flagged: Flags, among: Flags) -> float:
    """Not a number where nobody can say what was attainable."""
    if known.attainable is None:
        return float("nan")
    return Counts.of(known.fraud & known.attainable & among, flagged).recall


def _total(amount: NDArray[Any], which: Flags) -> int:
    return int(np.sum(amount[which], dtype=np.int64))
