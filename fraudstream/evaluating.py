"""A model that exists, judged on a history beside the rest."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from batch.history.history import History
from fraudstream.policy_making import carry_over, live_thresholds
from fraudstream.trials import EXPECTED, Ground, Judged, about_of, foreknowledge, judged, player, weeks_of
from models import trees
from models.artefact import durable
from models.artefact.load import Loaded
from models.artefact.restate import restated
from models.bank import Bank
from models.judging.contender import RULES_ONLY
from models.judging.evidence import SECTION, record
from models.judging.figures import About, Prequential
from models.judging.gates import RULES
from models.judging.model_card import model_card
from models.judging.thresholds import Thresholds
from models.registry.by import By
from models.registry.intake import enter
from models.registry.registry import Registry, Resolved
from models.training.aims import Aims, Kind
from models.training.parts import CARD, REPORT, REPORT_FILE, in_full, lasting
from models.training.past import Say
from models.training.train import Recipe
from models.training.trial import Player, held
from models.training.windows import Windows
from schemas.errors import Usage
from schemas.settings import Settings


@dataclass(frozen=True, slots=True)
class Question:
    """`against` is another model; `kind` None: each at the thresholds of its live policy."""

    model: str
    windows: Windows
    aims: Aims
    kind: Kind | None
    seed: int
    against: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    question: Question
    ground: Ground
    model: Loaded
    other: Loaded | None
    player: Player
    judged: Judged

    def write(self, folder: Path) -> None:
        """Report, model card and plots, into a folder that does not exist."""
        durable.write_folder(folder, self._files())

    def record(self, registry: Registry, by: By) -> Resolved:
        """As the next version of the same model: the same trees, and the evidence of these days."""
        name = registry.resolve(self.question.model).name
        if name is None or weeks_of(self.model) is None:
            raise Usage(
                f"{self.question.model}: only a registered model that was trained here gets its evidence recorded",
                fix="leave out --record, or name models:/name/3",
            )
        other = (self.question.against, self.other.manifest.content) if self.other else (RULES_ONLY, RULES)
        as_of = self.ground.as_of(self.question.seed)
        weeks = weeks_of(self.model)
        apart = weeks is not None and weeks.pick != weeks.train
        evidence = record(self.judged.report, str(other[0]), other[1], as_of, by_time=apart)
        said = {SECTION: evidence, REPORT: lasting(self.judged.report)}
        made = restated(self.model, said, by.at)
        resolved = enter(registry, name, replace(made, extras={**made.extras, **self._files()}), by)
        carry_over(registry, self.question.model, str(resolved), by)
        return resolved

    def _files(self) -> dict[str, bytes]:
        report = self.judged.report
        return {CARD: model_card(report).encode(), REPORT_FILE: in_full(report), **self.judged.plots()}


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    history: History
    settings: Settings
    registry: Registry
    say: Say
    note: Callable[[str], None]

    def answer(self, question: Question) -> Answer:
        model = self._load(question.model)
        other = self._load(question.against) if question.against else None
        if other is not None and other.manifest.content == model.manifest.content:
            raise Usage(
                f"{question.model} and {question.against} are the same model", fix="name another one with --model"
            )
        first = self._player(model, question.model, question.kind)
        ground = Ground.of(self.history, Bank.of(self.settings), question.windows, self.say)
        for name, each in ((question.model, model), (str(question.against), other)):
            if each is not None and (said := foreknowledge(each, name, ground.split)):
                self.note(said)
        players = [first, *([self._player(other, str(question.against), question.kind)] if other else [])]
        if question.windows.trains:
            self.say("training logistic regression", len(ground.past.rows(ground.split.train)))
            players.append(ground.plain(Recipe(seed=question.seed, aims=question.aims, kind=question.kind or "cost")))
        self.say("judging", len(ground.past.rows(ground.split.test)))
        found = judged(
            ground,
            players,
            Thresholds(self.settings.policy.review_at, self.settings.policy.block_at),
            costs=question.aims.costs,
            seed=question.seed,
            prequential=_weekly(ground, model, first),
            about=_about(question, ground, model),
        )
        return Answer(question, ground, model, other, first, found)

    def _player(self, model: Loaded, name: str, kind: Kind | None) -> Player:
        """Without a kind at the thresholds that hold for it now, which may be others than when it was trained."""
        return player(model, name, kind, None if kind else live_thresholds(self.registry, name))

    def _load(self, text: str) -> Loaded:
        return self.registry.load(text, expected=EXPECTED, compile_=trees.compile)


def _weekly(ground: Ground, model: Loaded, player: Player) -> Prequential | None:
    """Of the test periods that lie after everything the model learnt from or was picked on."""
    weeks = weeks_of(model)
    later = [each for each in ground.splits if weeks is None or each.test.start >= max(weeks.train[1], weeks.pick[1])]
    return held(ground.past, later, player) if len(later) > 1 else None


def _about(question: Question, ground: Ground, model: Loaded) -> About:
    weeks, training = weeks_of(model), model.manifest.training
    test = (ground.split.test.start, ground.split.test.end)
    return about_of(ground).model_copy(
        update={
            "model": question.model,
            "estimator": model.manifest.estimator,
            "split": None if weeks is None else weeks.model_copy(update={"test": test}),
            "trained_on": training.get("rows"),
            "trained_frauds": training.get("frauds"),
            "digests": {question.model: model.manifest.content},
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    )
