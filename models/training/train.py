"""A candidate: learnt on the training days, thresholds picked on later ones, judged on the latest.

At each point only that is used which was known by then: what teaches is labelled as of the end of the gap after the
training days, what picks thresholds as of the end of the gap after its own. The test days are judged by every label.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.judging.ranking import Integers
from models.judging.splits import DAY_MS, Split
from models.judging.thresholds import Thresholds
from models.training import aims
from models.training.aims import Aims, Every, Kind
from models.training.estimators import Factory, boosted_trees, fit
from models.training.past import Known, Past
from models.training.scorer import Scorer
from schemas.errors import Usage


@dataclass(frozen=True, slots=True)
class Recipe:
    make: Factory = boosted_trees
    seed: int = 0
    aims: Aims = field(default_factory=Aims)
    kind: Kind = "cost"
    """Of the thresholds that it is judged at."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """`picked_apart`: thresholds were picked on rows that nobody learnt from."""

    scorer: Scorer
    split: Split
    learnt: Known
    picked: Known
    thresholds: Mapping[Kind, Thresholds]

    @property
    def estimator(self) -> Any:  # noqa: ANN401 scikit-learn has no types
        return self.scorer.estimator

    @property
    def picked_apart(self) -> bool:
        return self.split.pick != self.split.train


def train(past: Past, split: Split, recipe: Recipe) -> Candidate:
    learnt = past.known(split.train, split.pick.start if split.pick != split.train else split.test.start)
    table = past.table
    scorer = Scorer.of(fit(recipe.make, recipe.seed, table.features[learnt.row], learnt.fraud))
    picked = past.known(split.pick, split.test.start)
    if not picked.fraud.any():
        raise Usage(
            f"no fraud was known in the days that pick thresholds, among {len(picked.row):,} rows",
            fix="give more days for it with --pick, or more labels; a gap shorter than verdicts take leaves none",
        )
    where = past.rows(split.pick)
    every = Every(scorer.scores(table.features[where]), days(past, where))
    known = aims.Known(picked.fraud, scorer.scores(table.features[picked.row]), table.amount[picked.row])
    thresholds = recipe.aims.pick(known, every)
    return Candidate(scorer, split, learnt, picked, thresholds)


def days(past: Past, rows: Integers) -> Integers:
    return past.table.time[rows] // DAY_MS
