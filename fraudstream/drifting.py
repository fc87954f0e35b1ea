"""A history counted by day, beside what a model's artefact says was usual."""

from dataclasses import dataclass

from batch.history.history import History
from fraudstream.trials import EXPECTED
from models import trees
from models.bank import Bank
from models.drift import Day, Reference, Tally, judge
from models.drift.stored import reference_of
from models.history import pieces
from models.local_time import local_hours_and_days
from models.registry.registry import Registry
from models.training.past import Say
from models.training.scorer import Scorer
from schemas.errors import Misconfigured


@dataclass(frozen=True, slots=True, eq=False)
class Drifting:
    scorer: Scorer
    reference: Reference
    bank: Bank

    @classmethod
    def of(cls, registry: Registry, model: str, bank: Bank) -> "Drifting":
        loaded = registry.load(model, expected=EXPECTED, compile_=trees.compile)
        if not loaded.manifest.histograms:
            raise Misconfigured(
                f"{model} has no histograms to compare with",
                fix="train it with two weeks of 2,000 transactions a day after the training days",
            )
        reference = reference_of(loaded.manifest.histograms, str(loaded.folder))
        return cls(Scorer(loaded.estimator, loaded.manifest.function, loaded.evaluator), reference, bank)

    def days(self, history: History, say: Say) -> list[Day]:
        """The newest day is left out: it may still grow."""
        builder, tally, seen = self.bank.builder(), Tally(self.reference.edges), 0
        for labels in history.labels():
            builder.learn(labels)
        for lot in history.transactions():
            for piece in pieces(lot):
                table = builder.fold(piece)
                _, days = local_hours_and_days(table.time, self.bank.places.timezone)
                tally.add(table.features, self.scorer.scores(table.features), days)
            seen += lot.num_rows
            say("transactions", seen)
        return judge(self.reference, tally)
