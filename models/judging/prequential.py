"""The same recipe judged week after week, each week by a model that knew only what came before."""

from collections.abc import Callable, Iterable

import numpy as np

from models.judging.contender import Contender
from models.judging.figures import Extent, Fold, Glance, Prequential, Weeks
from models.judging.levels import level
from models.judging.ranking import average_precision, roc_auc
from models.judging.rows import Rows
from models.judging.splits import Split


def glance(rows: Rows, contender: Contender) -> Glance:
    known, score = rows.settled(), contender.score[rows.known]
    at = contender.at.review_at
    found = level(rows, contender.score >= at, at, 0)
    return Glance(
        rows=len(rows),
        frauds=int(np.count_nonzero(known.fraud)),
        unknown_share=rows.unknown_share,
        average_precision=average_precision(known.fraud, score),
        auc=roc_auc(known.fraud, score),
        recall=found.tally.recall,
        precision=found.tally.precision,
        alerts_per_day=found.alerts_per_day,
    )


def fold(split: Split, rows: Rows, contender: Contender) -> Fold:
    return Fold(split=weeks(split), figures=glance(rows, contender))


def weeks(split: Split) -> Weeks:
    train, pick, test = ((each.start, each.end) for each in (split.train, split.pick, split.test))
    return Weeks(train=train, pick=pick, test=test)


def summary(folds: Iterable[Fold]) -> Prequential:
    """Oldest first. Weeks without a figure, such as those without fraud, are left out of it."""
    ordered = sorted(folds, key=lambda each: each.split.test)
    extents = {name: _extent(ordered, _reader(name)) for name in ("average_precision", "auc", "recall", "precision")}
    return Prequential(folds=ordered, **extents)


def _reader(name: str) -> Callable[[Glance], float]:
    return lambda figures: float(getattr(figures, name))


def _extent(folds: list[Fold], read: Callable[[Glance], float]) -> Extent:
    found = np.array([read(each.figures) for each in folds])
    some = found[~np.isnan(found)]
    if not len(some):
        return Extent(mean=float("nan"), least=float("nan"), most=float("nan"))
    return Extent(mean=float(some.mean()), least=float(some.min()), most=float(some.max()))
