"""What a candidate leaves behind: an artefact's parts, everything that was found out about it among them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from models.artefact.golden import choose
from models.artefact.write import Parts
from models.drift import Reference
from models.drift.stored import section
from models.features import FEATURE_VERSION, FEATURES
from models.judging.evidence import SECTION, record
from models.judging.figures import About, Report
from models.judging.gates import AsOf
from models.judging.model_card import model_card
from models.judging.prequential import weeks
from models.judging.splits import Period
from models.judging.thresholds import NOTHING
from models.local_time import local_hours_and_days
from models.reasons import medians
from models.training.past import Past
from models.training.train import Candidate, Recipe

REPORT: Final = "report"
CARD: Final = "model_card.md"
REPORT_FILE: Final = "report.json"
NO_END: Final = 2**62
MOST_GOLDEN: Final = 20_000
"""Of the rows of the test days golden vectors are chosen from so many."""


@dataclass(frozen=True, slots=True)
class Champion:
    """What a candidate was judged against: the contender of that name, by its content digest."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What was found out about a candidate."""

    report: Report
    as_of: AsOf
    champion: Champion
    plots: Mapping[str, bytes]
    histograms: Mapping[str, Any]
    """Empty where there were too few days for them."""


def parts(candidate: Candidate, past: Past, recipe: Recipe, findings: Findings, created_at: datetime) -> Parts:
    picked = thresholds(candidate, past)
    held_back = past.rows(candidate.split.test)[:MOST_GOLDEN]
    report, champion = findings.report, findings.champion
    evidence = record(report, champion.name, champion.digest, findings.as_of, by_time=candidate.picked_apart)
    return Parts(
        estimator=candidate.estimator,
        features=[each.name for each in FEATURES],
        feature_version=FEATURE_VERSION,
        golden=choose(past.table.features[held_back], candidate.scorer.margins, tuple(picked.values())),
        created_at=created_at,
        thresholds=picked,
        metrics={SECTION: evidence, REPORT: lasting(report)},
        training=training(candidate, recipe),
        medians=usual(candidate, past),
        histograms=findings.histograms,
        extras={CARD: model_card(report).encode(), REPORT_FILE: in_full(report), **findings.plots},
    )


def usual(candidate: Candidate, past: Past) -> dict[str, Any]:
    """What reasons are measured against; only margins in log-odds have some."""
    if candidate.scorer.function != "decision_function":
        return {}
    return medians(past.table.features[candidate.learnt.row], candidate.learnt.fraud, candidate.scorer)


def histograms(candidate: Candidate, past: Past, timezone: str) -> dict[str, Any]:
    """Of the days after those that taught, on the clocks of that zone. Raises Usage where these are too few."""
    where = past.rows(Period(candidate.split.train.end, NO_END))
    matrix = past.table.features[where]
    _, days = local_hours_and_days(past.table.time[where], timezone)
    return section(Reference.of([each.name for each in FEATURES], matrix, candidate.scorer.scores(matrix), days))


def in_full(report: Report) -> bytes:
    return report.model_dump_json(indent=1).encode() + b"\n"


def thresholds(candidate: Candidate, past: Past) -> dict[str, float]:
    """Raw margins by kind and name. One that nothing reached is left out."""
    margins = candidate.scorer.margins(past.table.features[candidate.picked.row])
    scores = candidate.scorer.scores(past.table.features[candidate.picked.row])
    flat = margins if margins.ndim == 1 else margins[:, -1]
    return {
        f"{kind}.{name}": float(np.min(flat[scores >= at]))
        for kind, both in candidate.thresholds.items()
        for name, at in both._asdict().items()
        if at < NOTHING
    }


def training(candidate: Candidate, recipe: Recipe) -> dict[str, Any]:
    return {
        "seed": recipe.seed,
        "kind": recipe.kind,
        "weeks": weeks(candidate.split).model_dump(mode="json"),
        "rows": len(candidate.learnt.row),
        "frauds": int(candidate.learnt.fraud.sum()),
        "thresholds": {
            kind: {name: at for name, at in both._asdict().items() if at < NOTHING}
            for kind, both in candidate.thresholds.items()
        },
    }


def lasting(report: Report) -> dict[str, Any]:
    """Without what differs from one run to the next: where files lay, how it was called, when."""
    about = report.about.model_copy(update={"sources": [], "command": "", "created_at": "", "model": ""})
    found: dict[str, Any] = report.model_copy(update={"about": About.model_validate(about)}).model_dump(mode="json")
    return found
