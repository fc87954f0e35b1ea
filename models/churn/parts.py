"""What a churn candidate leaves behind: an artefact's parts, everything that was found out about it among them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from models.artefact.golden import choose
from models.artefact.write import Parts
from models.churn import examples
from models.churn.evidence import record
from models.churn.examples import Examples
from models.churn.learning import HELD_BACK, Candidate
from models.churn.model_card import model_card
from models.churn.report import ChurnReport
from models.judging.evidence import SECTION

REPORT: Final = "report"
CARD: Final = "model_card.md"
REPORT_FILE: Final = "report.json"


def parts(candidate: Candidate, report: ChurnReport, against: str | None, digest: str, created_at: datetime) -> Parts:
    """`against` names the contender that is live, by its content digest."""
    model, held = candidate.model, candidate.held
    matrix = model.encoding.matrix(held.rows.select(model.columns))
    crossed = sum(candidate.crossed) / len(candidate.crossed)
    return Parts(
        estimator=candidate.estimator,
        features=model.encoding.features,
        feature_version=None,
        golden=choose(matrix, model.evaluator.margins),
        created_at=created_at,
        metrics={SECTION: record(report, against, digest, crossed), REPORT: report.lasting()},
        training=training(candidate),
        extras={**pages(report), examples.FILE: Examples.of(model, held.rows).to_bytes()},
        task="churn",
        encoding=model.encoding.model_dump(mode="json"),
        calibration=model.calibration.model_dump(mode="json"),
    )


def pages(report: ChurnReport) -> dict[str, bytes]:
    return {CARD: model_card(report).encode(), REPORT_FILE: report.to_bytes()}


def training(candidate: Candidate) -> Mapping[str, Any]:
    """What tells later whom it learnt from."""
    return {
        "seed": candidate.recipe.seed,
        "estimator": candidate.recipe.estimator,
        "held_back": HELD_BACK,
        "rows": len(candidate.learnt),
        "churners": int(candidate.learnt.churned.sum()),
        "key": candidate.model.key,
        "label": candidate.learnt.label,
        "left_out": dict(candidate.inferred.left_out),
    }
