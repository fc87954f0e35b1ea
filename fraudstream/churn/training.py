"""From labelled customers to a candidate with all that was found out about it, and from there into the registry."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from models.artefact.load import Loaded
from models.artefact.write import Parts, write
from models.churn import judging, learning, registered
from models.churn.gates import NOTHING
from models.churn.judging import Contender
from models.churn.learning import Candidate, Labelled, Recipe, Say
from models.churn.parts import parts
from models.churn.report import About, ChurnReport
from models.registry import aliases
from models.registry.by import By
from models.registry.intake import enter
from models.registry.reference import CHAMPION
from models.registry.registry import Registry, Resolved
from schemas.errors import Usage

LIVE: Final = "live model"
PLAIN: Final = {"trees": "logistic", "logistic": "trees"}


@dataclass(frozen=True, slots=True)
class Order:
    """`name` is the model's in the registry, `sources` where the customers come from."""

    name: str
    recipe: Recipe
    sources: Sequence[str] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """`against` is the contender that is live; None where nothing is, or where it could not be asked."""

    name: str
    candidate: Candidate
    report: ChurnReport
    against: str | None
    digest: str

    def write(self, folder: Path, at: datetime) -> str:
        """Into a folder that does not exist. Returns the content digest."""
        return write(self._parts(at), folder).content

    def register(self, registry: Registry, by: By) -> Resolved:
        return enter(registry, self.name, self._parts(by.at), by)

    def _parts(self, at: datetime) -> Parts:
        return parts(self.candidate, self.report, self.against, self.digest, at)


def make(
    order: Order, customers: Labelled, registry: Registry, say: Say, note: Callable[[str], None] = lambda _: None
) -> Made:
    name, recipe = order.name, order.recipe
    live = champion(registry, name)
    candidate = learning.train(customers, recipe, say)
    held = candidate.held
    contenders = [judging.contender(name, candidate.model, held)]
    other = PLAIN[recipe.estimator]
    contenders.append(judging.contender(other, learning.beside(candidate, other), held))
    against = None
    if live is not None and (asked := ask(live, LIVE, held, note)) is not None:
        contenders.append(asked)
        against = LIVE
        if live.manifest.training.get("seed") != recipe.seed:
            note(f"the {LIVE} was trained with another seed, so it may have learnt from some of those who judge")
    contenders.append(judging.everybody_alike(held, float(candidate.learnt.churned.mean())))
    say("judging", len(held))
    report = judging.judge(
        held,
        contenders,
        _about(order, candidate),
        crossed=candidate.crossed,
        columns=judging.columns_of(candidate),
        left_out=candidate.inferred.left_out,
    )
    return Made(name, candidate, report, against, NOTHING if live is None else live.manifest.content)


def champion(registry: Registry, name: str) -> Loaded | None:
    """Raises Misconfigured where what is live of that name is no churn model."""
    if CHAMPION not in aliases.current(registry.read().entries, name):
        return None
    live = registry.load(f"models:/{name}@{CHAMPION}")
    registered.of(live, f"models:/{name}@{CHAMPION}")
    return live


def ask(live: Loaded, name: str, customers: Labelled, note: Callable[[str], None]) -> Contender | None:
    """None, and said, where the customers lack what it looks at."""
    try:
        return judging.contender(name, registered.of(live, name), customers)
    except Usage as error:
        note(f"the {name} cannot be judged beside it: {error.message}")
        return None


def _about(order: Order, candidate: Candidate) -> About:
    estimator = candidate.estimator
    usual = inspect.signature(type(estimator)).parameters
    given = estimator.get_params(deep=False)
    return About(
        model=order.name,
        estimator=candidate.recipe.estimator,
        parameters={
            each: str(value)
            for each, value in sorted(given.items())
            if each in usual and value != usual[each].default and each != "steps"
        },
        sources=list(order.sources),
        key=candidate.model.key,
        label=candidate.learnt.label,
        seed=candidate.recipe.seed,
        trained_on=len(candidate.learnt),
        trained_churners=int(candidate.learnt.churned.sum()),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
