from math import isnan

import numpy as np
import pytest

from models.judging.contender import Contender
from models.judging.prequential import fold, glance, summary
from models.judging.rows import Rows
from models.judging.splits import DAY_MS, Lengths, prequential
from models.judging.thresholds import Thresholds


def week(frauds: int, found: int) -> tuple[Rows, Contender]:
    fraud = np.arange(200) < frauds
    score = np.where(np.arange(200) < found, 0.9, 0.1)
    rows = Rows(fraud, np.ones(200, bool), np.full(200, 100), np.arange(200), np.arange(200) % 7)
    return rows, Contender("model", score, Thresholds(0.5, 0.95))


def test_weeks_are_summed_up() -> None:
    """Mean, least and most; oldest first, whatever order they came in."""
    splits = prequential(0, 100 * DAY_MS, Lengths(), 4)
    assert len(splits) >= 2
    weeks = [fold(split, *week(10, 2 * (place + 1))) for place, split in enumerate(splits)]
    found = summary(weeks[::-1])
    assert [each.split.test for each in found.folds] == [tuple(each.test) for each in splits]
    recalls = [each.figures.recall for each in found.folds]
    assert (found.recall.mean, found.recall.least, found.recall.most) == pytest.approx(
        (np.mean(recalls), min(recalls), max(recalls))
    )


def test_weeks_without_fraud_are_left_out() -> None:
    """They have no recall, and make no mean of the others impossible."""
    split = prequential(0, 100 * DAY_MS, Lengths(), 1)[0]
    found = summary([fold(split, *week(0, 3)), fold(split, *week(10, 5))])
    assert found.recall.mean == pytest.approx(0.5)
    assert isnan(summary([]).recall.mean)


def test_a_week_at_a_glance() -> None:
    """The figures that are followed."""
    figures = glance(*week(10, 20))
    assert (figures.frauds, figures.recall, figures.precision) == (10, 1.0, 0.5)
    assert figures.alerts_per_day == pytest.approx(20 / 7)
