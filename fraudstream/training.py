"""From a history to a candidate with everything that was found out about it, and from there into the registry."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from batch.history.history import History
from fraudstream.policy_making import live_thresholds, policy_of
from fraudstream.trials import Ground, Judged, about_of, champion, choices, foreknowledge, judged, player
from models.artefact import skops_file
from models.artefact.load import Loaded
from models.artefact.write import Parts, write
from models.bank import Bank
from models.judging.contender import RULES_ONLY
from models.judging.figures import About
from models.judging.gates import RULES, AsOf
from models.judging.prequential import weeks
from models.judging.thresholds import Thresholds
from models.policies.policies import Policies
from models.registry.by import By
from models.registry.intake import enter
from models.registry.registry import Registry, Resolved
from models.training.estimators import logistic_regression
from models.training.parts import Champion, Findings, histograms, parts
from models.training.past import Say
from models.training.train import Candidate, Recipe, train
from models.training.trial import Player, retrained
from models.training.windows import Windows
from schemas.errors import Usage
from schemas.settings import Settings

LIVE: Final = "live model"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made; `estimator` is how the command line calls it."""

    name: str
    recipe: Recipe
    windows: Windows
    estimator: str


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    order: Order
    ground: Ground
    candidate: Candidate
    judged: Judged
    as_of: AsOf
    against: Champion
    histograms: Mapping[str, Any]
    settings: Settings

    @property
    def player(self) -> Player:
        return Player(self.order.name, self.candidate.scorer, self.candidate.thresholds[self.order.recipe.kind])

    def write(self, folder: Path, at: datetime) -> str:
        """Into a folder that does not exist. Returns the content digest."""
        return write(self._parts(at), folder).content

    def register(self, registry: Registry, by: By) -> Resolved:
        """With a policy of each kind; that of the kind it was judged at is the live one of this model."""
        resolved = enter(registry, self.order.name, self._parts(by.at), by)
        policies, recipe = Policies(registry), self.order.recipe
        for kind, at in self.candidate.thresholds.items():
            stored = policies.add(str(resolved), policy_of(str(resolved.digest), kind, at, recipe, self.settings), by)
            if kind == recipe.kind:
                policies.promote(str(stored.entry), by)
        return resolved

    def _parts(self, at: datetime) -> Parts:
        findings = Findings(self.judged.report, self.as_of, self.against, self.judged.plots(), self.histograms)
        return parts(self.candidate, self.ground.past, self.order.recipe, findings, at)


@dataclass(frozen=True, slots=True, eq=False)
class Workshop:
    history: History
    settings: Settings
    registry: Registry
    say: Say
    note: Callable[[str], None]

    def make(self, order: Order) -> Made:
        self._check_kept(order)
        live = champion(self.registry, order.name)
        ground = Ground.of(self.history, Bank.of(self.settings), order.windows, self.say)
        self.say("training", len(ground.past.rows(ground.split.train)))
        candidate = train(ground.past, ground.split, order.recipe)
        found = self._judge(order, ground, candidate, live)
        self.say("looking for leaks", 0)
        as_of = ground.as_of(order.recipe.seed)
        against = Champion(LIVE, live.manifest.content) if live else Champion(RULES_ONLY, RULES)
        return Made(order, ground, candidate, found, as_of, against, self._histograms(ground, candidate), self.settings)

    def _check_kept(self, order: Order) -> None:
        """Raises Misconfigured for types that no artefact may hold, before minutes are spent on learning."""
        untaught = order.recipe.make(order.recipe.seed)
        skops_file.load(skops_file.dump(untaught), f"--estimator {order.estimator}", self.registry.trusted)

    def _histograms(self, ground: Ground, candidate: Candidate) -> dict[str, Any]:
        try:
            return histograms(candidate, ground.past, self.settings.policy.timezone)
        except Usage as error:
            self.note(f"no histograms for `fraudstream drift`: {error.message}")
            return {}

    def _judge(self, order: Order, ground: Ground, candidate: Candidate, live: Loaded | None) -> Judged:
        recipe = order.recipe
        players = [Player(order.name, candidate.scorer, candidate.thresholds[recipe.kind])]
        if recipe.make is not logistic_regression:
            players.append(ground.plain(recipe))
        if live is not None:
            if said := foreknowledge(live, f"the {LIVE}", ground.split):
                self.note(said)
            players.append(player(live, LIVE, at=live_thresholds(self.registry, f"models:/{order.name}@champion")))
        self.say("training for earlier weeks", len(ground.splits) - 1)
        weekly = retrained(ground.past, ground.splits, recipe, candidate)
        self.say("judging", len(ground.past.rows(ground.split.test)))
        return judged(
            ground,
            players,
            Thresholds(self.settings.policy.review_at, self.settings.policy.block_at),
            costs=recipe.aims.costs,
            seed=recipe.seed,
            choices=choices(candidate.thresholds, recipe.aims, recipe.kind),
            prequential=weekly,
            about=self._about(order, ground, candidate),
        )

    def _about(self, order: Order, ground: Ground, candidate: Candidate) -> About:
        return about_of(ground).model_copy(
            update={
                "model": order.name,
                "estimator": order.estimator,
                "parameters": _parameters(candidate),
                "split": weeks(candidate.split),
                "trained_on": len(candidate.learnt.row),
                "trained_frauds": int(candidate.learnt.fraud.sum()),
                "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
        )


def _parameters(candidate: Candidate) -> dict[str, str]:
    """Those that are not as the estimator has them by default."""
    usual = inspect.signature(type(candidate.estimator)).parameters
    given = candidate.estimator.get_params(deep=False) if hasattr(candidate.estimator, "get_params") else {}
    return {name: str(value) for name, value in sorted(given.items()) if name in usual and value != usual[name].default}
