"""A churn model that exists, judged on labelled customers beside another."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from fraudstream.churn.training import LIVE, ask, champion
from models.artefact import durable
from models.artefact.load import Loaded
from models.artefact.restate import restated
from models.churn import judging
from models.churn.evidence import evidence, record
from models.churn.gates import NOTHING
from models.churn.learning import Labelled, split
from models.churn.parts import REPORT, pages
from models.churn.report import About, ChurnReport
from models.judging.evidence import SECTION
from models.registry.by import By
from models.registry.intake import enter
from models.registry.registry import Registry, Resolved
from schemas.errors import Misconfigured, Usage


@dataclass(frozen=True, slots=True)
class Question:
    """`against` may be `champion`, what is live of the same name. `everybody`: nobody of them taught."""

    model: str
    against: str | None = None
    everybody: bool = False
    sources: Sequence[str] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """`against` is the contender that is live, by its content digest."""

    question: Question
    model: Loaded
    report: ChurnReport
    against: str | None
    digest: str

    def write(self, folder: Path) -> None:
        """Report and model card, into a folder that does not exist."""
        durable.write_folder(folder, pages(self.report))

    def record(self, registry: Registry, by: By) -> Resolved:
        """As the next version of the same model: the same trees, and the evidence of these customers."""
        text = self.question.model
        name = registry.resolve(text).name
        if name is None or self.question.everybody:
            raise Usage(
                f"{text}: evidence is recorded of a registered model, judged on customers that it held back",
                fix="name models:/name/3 and leave out --everybody",
            )
        crossed = evidence(self.model.manifest.metrics, text).crossed
        said = {SECTION: record(self.report, self.against, self.digest, crossed), REPORT: self.report.lasting()}
        made = restated(self.model, said, by.at)
        return enter(registry, name, replace(made, extras={**made.extras, **pages(self.report)}), by)


def answer(question: Question, customers: Labelled, registry: Registry, note: Callable[[str], None]) -> Answer:
    text, against = question.model, question.against
    model = registry.load(text)
    judges = customers if question.everybody else held_back(model, text, customers)
    first = ask(model, text, judges, note)
    if first is None:
        raise Usage(f"{text} looks at columns that these customers have not", fix="give the columns it was trained on")
    contenders, digest, named = [first], NOTHING, None
    if against is not None and (other := _other(registry, text, against)) is not None:
        if other.manifest.content == model.manifest.content:
            raise Usage(f"{text} and {against} are the same model", fix="name another one with --model")
        asked, digest = ask(other, LIVE if against == "champion" else against, judges, note), other.manifest.content
        if asked is not None:
            contenders.append(asked)
            named = asked.name
    before = _before(model)
    report = judging.judge(
        judges,
        [*contenders, judging.everybody_alike(judges, float(judges.churned.mean()))],
        _about(question, model),
        columns=before.columns if before else (),
        left_out=before.left_out if before else {},
        crossed=before.crossed.folds if before and before.crossed else (),
    )
    return Answer(question, model, report, named, digest)


def held_back(model: Loaded, text: str, customers: Labelled) -> Labelled:
    """Those whom the model's own split keeps from teaching, by their ids: also of a table of another day."""
    seed, key = model.manifest.training.get("seed"), model.churn.key if model.churn else None
    if not isinstance(seed, int) or customers.key is None or key is None:
        raise Usage(
            f"{text}: nobody can say which of these customers it learnt from",
            fix="name the column of ids with --id; or give customers it never saw, with --everybody",
        )
    if customers.key != key:
        raise Usage(
            f"{text} held customers back by their {key}, and these are known by their {customers.key}",
            fix=f"say --id {key}; or give customers it never saw, with --everybody",
        )
    held, _ = split(customers.numbers, seed)
    judges = customers.take(held)
    if not judges.churned.any() or judges.churned.all():
        raise Usage(f"of {len(judges):,} customers held back all or none left", fix="give more customers")
    return judges


def _other(registry: Registry, text: str, against: str) -> Loaded | None:
    if against != "champion":
        return registry.load(against)
    name = registry.resolve(text).name
    if name is None:
        raise Misconfigured(f"{text} is a folder, which has no champion", fix="name models:/name/3")
    return champion(registry, name)


def _before(model: Loaded) -> ChurnReport | None:
    """What was found out when it was trained."""
    try:
        return ChurnReport.model_validate_json(json.dumps(model.manifest.metrics.get(REPORT)))
    except ValidationError:
        return None


def _about(question: Question, model: Loaded) -> About:
    training = model.manifest.training
    rows, churners, seed = (training.get(name) for name in ("rows", "churners", "seed"))
    return About(
        model=question.model,
        estimator=model.manifest.estimator,
        sources=list(question.sources),
        key=model.churn.key if model.churn else None,
        label=str(training.get("label", "")),
        seed=seed if isinstance(seed, int) else 0,
        trained_on=rows if isinstance(rows, int) else None,
        trained_churners=churners if isinstance(churners, int) else None,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
