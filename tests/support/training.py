"""How hard simulated fraud is to find: an honest default model of one split, and the figures of its test week."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from support.simulated import DAY_MS, START_MS, Simulated, builder

from models import rules
from models.feature_list import FEATURES, LABEL_FEATURES
from models.judging.attainable import GENUINE, attainable
from models.judging.bootstrap import Interval, day_interval
from models.judging.counts import Flags
from models.judging.ranking import Scores, average_precision, roc_auc
from models.judging.report import CRITICAL_MINOR
from models.judging.splits import Lengths, Split
from models.labels import LabelParams
from models.reasons import Reasons, medians
from models.training.estimators import boosted_trees, fit
from models.training.past import Past, gather
from models.training.scorer import Scorer
from producer.scenarios import MIX, Mix

LENGTHS = Lengths(warm_up=30, train=28, gap=7, pick=7, test=7)
DAYS = LENGTHS.warm_up + LENGTHS.train + LENGTHS.pick + LENGTHS.test + 2 * LENGTHS.gap
SPLIT = Split.until(START_MS + DAYS * DAY_MS, LENGTHS)
PARAMS = LabelParams(delay_ms=7 * DAY_MS)
ALL = range(len(FEATURES))
UNLABELLED = range(len(FEATURES) - len(LABEL_FEATURES))
PICKED_FPR = 0.004
"""Weeks differ: with a fifth less than is allowed the test week stays within it."""


class Ranking(NamedTuple):
    auc: float
    average_precision: float

    @classmethod
    def of(cls, fraud: Flags, score: Scores) -> Self:
        return cls(roc_auc(fraud, score), average_precision(fraud, score))


@dataclass(frozen=True, slots=True, eq=False)
class Exam:
    """`scenario` is of the rows of the past, `scores` are the model's margins of them; it flags from `threshold` on."""

    past: Past
    scenario: NDArray[np.str_]
    model: Scorer
    scores: Scores
    threshold: float

    @classmethod
    def of(cls, seed: int, customers: int, mix: Mix = MIX, fpr: float = PICKED_FPR) -> Self:
        source = Simulated.of(customers, seed, DAYS, mix)
        past = gather(
            source, builder(), PARAMS, keep_ms=(DAYS - LENGTHS.warm_up + 1) * DAY_MS, gap_days=7, say=lambda *_: None
        )
        model = learnt(past, ALL)
        scores = model.margins(past.table.features)
        picked = past.known(SPLIT.pick, SPLIT.test.start)
        genuine = scores[picked.row[~picked.fraud]]
        threshold = float(np.quantile(genuine, 1.0 - fpr, method="higher"))
        return cls(past, source.scenarios(past.table.event), model, scores, threshold)

    @property
    def test(self) -> NDArray[np.int64]:
        return self.past.rows(SPLIT.test)

    @property
    def fraud(self) -> Flags:
        """The truth of the test week; so is every figure but those by labels."""
        found: Flags = self.scenario[self.test] != GENUINE
        return found

    @property
    def attainable(self) -> Flags:
        found = attainable(self.scenario[self.test], self.past.table.features[self.test])
        assert found is not None
        return found

    @property
    def critical(self) -> Flags:
        found: Flags = self.past.table.amount[self.test] >= CRITICAL_MINOR
        return found

    @property
    def flagged(self) -> Flags:
        found: Flags = self.scores[self.test] >= self.threshold
        return found

    def ranking(self, scores: Scores) -> Ranking:
        return Ranking.of(self.fraud, scores[self.test])

    def ranking_by_labels(self, scores: Scores) -> Ranking:
        """Of the rows that were ever judged, by the last verdict."""
        judged = self.past.known(SPLIT.test)
        return Ranking.of(judged.fraud, scores[judged.row])

    def unlabelled(self) -> Scores:
        """The margins of the same model without what past labels say."""
        matrix = np.ascontiguousarray(self.past.table.features[:, list(UNLABELLED)])
        return learnt(self.past, UNLABELLED).margins(matrix)

    def caught(self) -> tuple[NDArray[np.str_], list[list[str]]]:
        """Of all that is flagged since the model learnt: what it was, and the reasons."""
        taught = self.past.known(SPLIT.train, SPLIT.pick.start)
        table = self.past.table
        section = medians(table.features[taught.row], taught.fraud, self.model)
        rows = np.flatnonzero((table.time >= SPLIT.pick.start) & (self.scores >= self.threshold))
        flagged = table.take(rows)
        return self.scenario[rows], Reasons.of(section, self.model).codes(flagged.features, flagged.hits)

    @property
    def best_rule(self) -> float:
        """The greatest share of the fraud that a single rule hits."""
        return float(self.past.table.hits[self.test][self.fraud].mean(axis=0).max())

    @property
    def fpr(self) -> float:
        return float(self.flagged[~self.fraud].mean())

    def recall(self, among: Flags) -> float:
        return float(self.flagged[among & self.fraud].mean()) if (among & self.fraud).any() else float("nan")

    def lead(self) -> Interval:
        """By how much its recall is above that of the rules at as many alerts, over draws of days."""
        rows = self.test
        first = np.argsort(-rules.margins(self.past.table.hits[rows]), kind="stable")[: np.count_nonzero(self.flagged)]
        ruled = np.isin(np.arange(len(rows)), first)
        fraud, gained = self.fraud, self.flagged.astype(int) - ruled

        def ahead(drawn: NDArray[np.int64]) -> float:
            return float(gained[drawn][fraud[drawn]].mean())

        return day_interval(self.past.table.time[rows] // DAY_MS, ahead, seed=1, draws=200)


def learnt(past: Past, columns: Sequence[int]) -> Scorer:
    """A model of what was known of the training days when the gap after them was over."""
    known, matrix = past.known(SPLIT.train, SPLIT.pick.start), past.table.features[:, list(columns)]
    return Scorer.of(fit(boosted_trees, 1, matrix[known.row], known.fraud))
