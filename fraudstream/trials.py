"""A history becomes the days that teach and judge, and whoever is judged on them: what `train` and `evaluate` share."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow.compute as pc

from batch.history.history import History
from models import trees
from models.artefact.load import Expected, Loaded
from models.bank import Bank
from models.features import FEATURE_VERSION, FEATURES
from models.judging.contender import Contender
from models.judging.figures import About, Prequential, Report, Weeks
from models.judging.gates import AsOf
from models.judging.plots import all_plots
from models.judging.report import Choice, judge
from models.judging.rows import Rows
from models.judging.splits import DAY_MS, Split
from models.judging.thresholds import NOTHING, Costs, Thresholds
from models.registry.registry import Registry
from models.training import leaks
from models.training.aims import Aims, Kind
from models.training.estimators import logistic_regression
from models.training.past import Past, Say, gather
from models.training.scorer import Scorer
from models.training.train import Recipe, train
from models.training.trial import Player, Scenarios, Trial
from models.training.windows import Windows
from schemas.errors import Misconfigured, Usage

PLAIN: Final = "logistic regression"
SIMULATED: Final = r"^sim-\d+-\d+$"
EXPECTED: Final = Expected([each.name for each in FEATURES], FEATURE_VERSION)


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What was read, and the splits it allows: the last is the one that counts."""

    history: History
    bank: Bank
    past: Past
    splits: Sequence[Split]
    scenario: Scenarios | None

    @classmethod
    def of(cls, history: History, bank: Bank, windows: Windows, say: Say) -> "Ground":
        gap = windows.lengths.gap
        past = gather(history, bank.builder(), bank.labels, keep_ms=windows.keep_ms, gap_days=gap, say=say)
        splits = windows.splits(past.first, past.end(gap))
        return cls(history, bank, past, splits, _scenario(history, past))

    @property
    def split(self) -> Split:
        return self.splits[-1]

    @property
    def trial(self) -> Trial:
        return Trial(self.past, self.split.test, self.scenario)

    def as_of(self, seed: int) -> AsOf:
        """Features of some hours of the test days, derived again without what came later."""
        hours = leaks.hours_of(self.past.table, self.split.test, self.bank.labels, seed)
        derive = leaks.by_folds(self.bank.builder)
        return leaks.check(self.past.table, self.history, self.bank.labels, hours, derive)

    def plain(self, recipe: Recipe) -> Player:
        """The plain alternative, trained on the same days."""
        found = train(self.past, self.split, replace(recipe, make=logistic_regression))
        return Player(PLAIN, found.scorer, found.thresholds[recipe.kind])


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    report: Report
    rows: Rows
    contenders: Sequence[Contender]

    def plots(self) -> dict[str, bytes]:
        return all_plots(self.rows, self.contenders, self.report)


def judged(
    ground: Ground,
    players: Sequence[Player],
    rules_at: Thresholds,
    *,
    costs: Costs,
    seed: int,
    choices: Sequence[Choice] = (),
    prequential: Prequential | None,
    about: About,
) -> Judged:
    trial = ground.trial
    rows, contenders = trial.rows, trial.contenders(players, rules_at)
    if not rows.fraud.any():
        raise Usage(
            f"no fraud is known in the {len(rows):,} rows of the test days", fix="choose days with verdicts, or more"
        )
    report = judge(rows, contenders, costs, seed, choices=choices, prequential=prequential, about=about)
    return Judged(report, rows, contenders)


def about_of(ground: Ground) -> About:
    """What a report says of the data."""
    account = ground.history.account
    return About(
        feature_version=FEATURE_VERSION,
        simulated=_simulated(ground.past) or None,
        sources=[account.origin],
        transactions=account.transactions,
        labels=account.labels,
        label_delay=f"{ground.bank.labels.delay_ms / DAY_MS:g} days",
        command=" ".join(["fraudstream", *sys.argv[1:]]),
    )


def choices(thresholds: Mapping[Kind, Thresholds], aims: Aims, live: Kind) -> list[Choice]:
    wanted: dict[Kind, float] = {"recall": aims.recall, "budget": aims.alerts_per_day}
    return [Choice(kind, at, wanted.get(kind, float("nan")), kind == live) for kind, at in thresholds.items()]


def player(loaded: Loaded, name: str, kind: Kind | None = None, at: Thresholds | None = None) -> Player:
    """A model that was trained here, at these thresholds, or at those of that kind, or as it was judged then."""
    training: Mapping[str, Any] = loaded.manifest.training
    picked = training.get("thresholds", {}).get(kind or training.get("kind"))
    if picked is None or loaded.manifest.predict_only:
        raise Misconfigured(
            f"{name} has no thresholds{f' of kind {kind}' if kind else ''}: it was not trained on transactions here",
            fix="train one with `fraudstream train`",
        )
    at = at or Thresholds(picked.get("review_at", NOTHING), picked.get("block_at", NOTHING))
    return Player(name, Scorer(loaded.estimator, loaded.manifest.function, loaded.evaluator), at)


def weeks_of(loaded: Loaded) -> Weeks | None:
    """Those that taught, picked and judged; None of a model that was not trained here."""
    said: Any = loaded.manifest.training.get("weeks")
    return None if said is None else Weeks.model_validate({name: tuple(both) for name, both in said.items()})


def foreknowledge(loaded: Loaded, name: str, split: Split) -> str | None:
    """What has to be said where a model learnt from days that it is now judged on."""
    weeks = weeks_of(loaded)
    if weeks is None or max(weeks.train[1], weeks.pick[1]) <= split.test.start:
        return None
    return f"{name} learnt from days that it is judged on here, or later ones: its figures flatter it"


def champion(registry: Registry, name: str) -> Loaded | None:
    """What is live under that name; None where nothing is, or where it does not decide in the stream."""
    from models.registry import aliases

    if "champion" not in aliases.current(registry.read().entries, name):
        return None
    loaded = registry.load(f"models:/{name}@champion", compile_=trees.compile)
    return None if loaded.manifest.predict_only else loaded


def _simulated(past: Past) -> bool:
    """By the names that the simulator gives events."""
    return bool(len(past.table)) and bool(pc.all(pc.match_substring_regex(past.table.event_id, SIMULATED)).as_py())


def _scenario(history: History, past: Past) -> Scenarios | None:
    truths = history.truths()
    if truths is None or not len(truths.event) or not len(past.table):
        return None
    order = np.argsort(truths.event, kind="stable")
    known = truths.event[order]
    at = np.minimum(np.searchsorted(known, past.table.event), len(known) - 1)
    found = truths.scenario[order][at]
    found[known[at] != past.table.event] = None
    return found
