"""What a churn model must show before it goes live, and what of it a person may overrule."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from support.churners import made, people
from support.registered import BY

from fraudstream.churn.evaluating import Question, answer
from fraudstream.churn.training import Order, make
from models.artefact.golden import choose
from models.artefact.write import Parts
from models.churn.evidence import evidence
from models.churn.learning import Labelled, Recipe
from models.churn.parts import parts
from models.judging.evidence import SECTION
from models.registry.gates import GATES
from models.registry.intake import enter
from models.registry.registry import NotPromoted, Registry
from schemas.errors import Misconfigured, Usage

ASKED = ["enough", "plausible", "ranking", "calibration", "progress", "use"]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models")


def of(seed: int = 0) -> Parts:
    done = made("logistic", seed)
    return parts(done.candidate, done.report, None, "nothing", BY.at)


def of_transactions() -> Parts:
    """A model for the stream."""
    matrix = np.random.default_rng(1).normal(size=(400, 3))
    model = HistGradientBoostingClassifier(max_iter=3).fit(matrix, (matrix[:, 0] > 1).astype("int64"))
    return Parts(model, ["a", "b", "c"], 3, choose(matrix, model.decision_function), BY.at)


def saying(change: Callable[[dict[str, Any]], None]) -> Parts:
    """The same model with other evidence."""
    whole = of()
    said = json.loads(json.dumps(whole.metrics[SECTION]))
    change(said)
    return replace(whole, metrics={**whole.metrics, SECTION: said})


def refusals(registry: Registry, whole: Parts) -> list[str]:
    with pytest.raises(NotPromoted) as caught:
        registry.promote(str(enter(registry, "churn", whole, BY)), BY, gates=GATES)
    return [each.gate for each in caught.value.entry.gates if not each.passed]


def test_an_honest_first_model_passes(registry: Registry) -> None:
    """It is asked what fits it, and nothing of what fraud models are asked."""
    entry = registry.promote(str(enter(registry, "churn", of(), BY)), BY, gates=GATES)
    assert [each.gate for each in entry.gates] == ASKED
    assert all(each.passed for each in entry.gates)
    loaded = registry.load("models:/churn@champion")
    assert loaded.churn is not None


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        (lambda said: said.update(churners=29), "enough"),
        (lambda said: said.update(crossed=0.9001), "plausible"),
        (lambda said: said["candidate"].update(auc=0.59), "ranking"),
        (lambda said: said["candidate"].update(calibration_error=0.2), "calibration"),
    ],
)
def test_each_gate_can_fail(registry: Registry, change: Callable[[Any], None], gate: str) -> None:
    """Alone."""
    assert refusals(registry, saying(change)) == [gate]


def test_evidence_that_makes_no_sense_is_none(registry: Registry) -> None:
    """Every gate of figures refuses."""
    assert refusals(registry, saying(lambda said: said["candidate"].update(auc=1.5))) == ASKED[:-1]
    assert refusals(registry, replace(of(), metrics={})) == ASKED[:-1]


def told_afterwards() -> Labelled:
    """A table with a column that was written down when the customer had left."""
    some, random = people(), np.random.default_rng(3)
    reason = np.where(some.churned & (random.random(len(some)) < 0.95), "moved away", "")
    rows = some.rows.append_column("reason_given", pa.array(reason))
    return Labelled(rows, some.numbers, some.churned, some.key, some.label)


def test_a_model_that_was_told_is_stopped_until_that_is_explained(registry: Registry) -> None:
    """The refusal names the gate and the column; the ledger keeps who overruled it, and why."""
    found = make(Order("churn", Recipe("logistic")), told_afterwards(), registry, lambda *_: None)
    resolved = found.register(registry, BY)
    with pytest.raises(NotPromoted, match=r"gate plausible: cross-validated ROC AUC 0.9.*reason_given \(0.9") as caught:
        registry.promote(str(resolved), BY, gates=GATES)
    assert caught.value.entry.action == "refuse"
    assert "--override plausible --why" in caught.value.fix
    entry = registry.promote(str(resolved), BY, gates=GATES, overrides=["plausible"])
    assert [each.gate for each in entry.gates if each.overridden] == ["plausible"]
    assert registry.read().entries[-1].why == BY.why
    without = make(Order("churn", Recipe("logistic", besides=["reason_given"])), told_afterwards(), registry, print)
    assert without.report.crossed is not None
    assert without.report.crossed.mean < 0.9


def test_a_champion_must_be_asked_on_the_same_customers(registry: Registry) -> None:
    """Evidence against another, or against nothing, does not count; judged anew it does."""
    trees = made("trees")
    first = enter(registry, "churn", parts(trees.candidate, trees.report, None, "nothing", BY.at), BY)
    registry.promote(str(first), BY, gates=GATES)
    second = str(enter(registry, "churn", of(), BY))
    with pytest.raises(NotPromoted, match="gate progress: judged against nothing, but live is"):
        registry.promote(second, BY, gates=GATES)
    found = answer(Question(second, against="champion"), people(), registry, lambda _: None)
    assert [each.name for each in found.report.contenders] == [second, "live model", "everybody alike"]
    entry = registry.promote(str(found.record(registry, BY)), BY, gates=GATES)
    assert entry.replaced == 1


def test_a_worse_model_needs_somebody_to_say_why(registry: Registry) -> None:
    """So does one that the live model cannot be compared with."""
    live = enter(registry, "churn", of(), BY)
    registry.promote(str(live), BY, gates=GATES)
    some = people()
    fewer = Labelled(some.rows.drop_columns(["contract"]), some.numbers, some.churned, some.key, some.label)
    notes: list[str] = []
    made_anew = make(Order("churn", Recipe("logistic")), fewer, registry, lambda *_: None, notes.append)
    assert "the live model cannot be judged beside it: the customers have no column contract" in notes
    resolved = made_anew.register(registry, BY)
    with pytest.raises(NotPromoted, match="looks at other columns"):
        registry.promote(str(resolved), BY, gates=GATES)
    entry = registry.promote(str(resolved), BY, gates=GATES, overrides=["progress"])
    assert entry.version == resolved.version


def test_a_name_has_models_of_one_task(registry: Registry, tmp_path: Path) -> None:
    """Neither takes the place of the other, whoever says so."""
    registry.promote(str(enter(registry, "churn", of(), BY)), BY, gates=GATES)
    fraud = enter(registry, "churn", of_transactions(), BY)
    with pytest.raises(NotPromoted, match=r"gates split, leak, .* no evidence"):
        registry.promote(str(fraud), BY, gates=GATES)
    registry.promote(str(enter(registry, "fraud", of_transactions(), BY)), BY)
    with pytest.raises(NotPromoted, match="the champion of that name decides in the stream"):
        registry.promote(str(enter(registry, "fraud", of(), BY)), BY, gates=GATES)
    with pytest.raises(Misconfigured, match="scores no customers"):
        make(Order("fraud", Recipe("logistic")), people(), registry, print)


def test_evidence_reads_back(registry: Registry) -> None:
    """As it was recorded."""
    found, report = evidence(of().metrics, "here"), made("logistic").report
    assert found.candidate.auc == report.first.auc
    assert found.churners == report.data.churners
    assert found.against == "nothing"
    assert found.champion is None


def test_who_judges_is_who_was_held_back(registry: Registry) -> None:
    """By the ids of whatever table; without ids nobody can say."""
    first = str(enter(registry, "churn", of(), BY))
    some = people()
    found = answer(Question(first), some.take(np.arange(0, len(some), 2)), registry, print)
    assert 0 < found.report.data.rows < made().report.data.rows
    held = made("logistic").report.first
    assert answer(Question(first), some, registry, print).report.first.auc == held.auc
    nameless = Labelled(some.rows, some.numbers, some.churned, None, some.label)
    with pytest.raises(Usage, match="which of these customers it learnt from"):
        answer(Question(first), nameless, registry, print)
    everybody = answer(Question(first, everybody=True), nameless, registry, print)
    assert everybody.report.data.rows == len(some)
    with pytest.raises(Usage, match="held back"):
        everybody.record(registry, BY)
