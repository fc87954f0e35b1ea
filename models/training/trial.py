"""The test days: a candidate beside the rest, each with what it said and where it drew the line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.history import FRAUD, UNKNOWN
from models.judging.attainable import attainable
from models.judging.contender import Contender, accept_all, rules_only
from models.judging.figures import Fold, Prequential
from models.judging.prequential import fold, summary
from models.judging.rows import Rows
from models.judging.splits import DAY_MS, Period, Split
from models.judging.thresholds import Thresholds
from models.training.past import Past
from models.training.scorer import Scorer
from models.training.train import Candidate, Recipe, train

Scenarios = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Player:
    """A model and its thresholds, whoever trained it."""

    name: str
    scorer: Scorer
    at: Thresholds


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Some days of the past. `scenario` is of the rows of its table, where ground truth is known."""

    past: Past
    period: Period
    scenario: Scenarios | None = None

    @property
    def where(self) -> NDArray[np.int64]:
        return self.past.rows(self.period)

    @property
    def rows(self) -> Rows:
        """Judged by every label there is."""
        where, table = self.where, self.past.table
        said = self.past.verdicts.final()[where]
        scenario = None if self.scenario is None else self.scenario[where]
        return Rows(
            fraud=said == FRAUD,
            known=said != UNKNOWN,
            amount=table.amount[where],
            card=table.card[where],
            day=table.time[where] // DAY_MS,
            scenario=scenario,
            attainable=attainable(scenario, table.features[where]),
        )

    def contenders(self, players: Iterable[Player], rules_at: Thresholds) -> list[Contender]:
        """The players first, then what needs no model."""
        where, table = self.where, self.past.table
        matrix = table.features[where]
        models = [Contender(each.name, each.scorer.scores(matrix), each.at) for each in players]
        return [*models, rules_only(table.hits[where], rules_at), accept_all(len(where))]


def retrained(past: Past, splits: Sequence[Split], recipe: Recipe, newest: Candidate) -> Prequential:
    """The recipe of the newest candidate, followed anew for each of the splits before its own."""
    return summary(_folds(past, splits, recipe, newest))


def _folds(past: Past, splits: Sequence[Split], recipe: Recipe, newest: Candidate) -> Iterable[Fold]:
    for split in splits:
        candidate = newest if split == newest.split else train(past, split, recipe)
        yield _fold(past, split, Player("", candidate.scorer, candidate.thresholds[recipe.kind]))


def held(past: Past, splits: Sequence[Split], player: Player) -> Prequential:
    """One model that does not change, test period after test period."""
    return summary(_fold(past, split, player) for split in splits)


def _fold(past: Past, split: Split, player: Player) -> Fold:
    trial = Trial(past, split.test)
    score = player.scorer.scores(past.table.features[trial.where])
    return fold(split, trial.rows, Contender(player.name, score, player.at))
