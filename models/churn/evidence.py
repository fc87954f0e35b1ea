"""What a churn model's artefact says for it, as JSON: judged by whom, against what, with which figures."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from models.churn import gates
from models.churn.gates import ChurnEvidence
from models.churn.report import ChurnReport, Result
from models.judging.evidence import SECTION
from models.judging.figures import Count, Figure, Form
from schemas.errors import Misconfigured

RECORD: Final = "`fraudstream churn train` and `fraudstream churn evaluate` record it with the model"
MOST_NAMED: Final = 5
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class _Figures(Form):
    auc: Share
    average_precision: Share
    brier: Share
    calibration_error: Share
    chance: Share


class _Champion(Form):
    digest: str
    figures: _Figures | None


class _Telling(Form):
    column: str
    alone: Figure


class Recorded(Form):
    """As it stands in the manifest; `digest` is the champion's content digest, or `nothing`."""

    format: Literal[1] = 1
    candidate: _Figures
    champion: _Champion
    crossed: Share
    churners: Count
    stayers: Count
    telling: list[_Telling]


def record(report: ChurnReport, against: str | None, digest: str, crossed: float) -> dict[str, Any]:
    """`against` is the contender that is the champion; None where it could not be asked, or is not there."""
    champion = next((each for each in report.contenders[1:] if each.name == against), None)
    telling = sorted((each for each in report.columns if each.alone >= gates.TELLING), key=lambda each: -each.alone)
    recorded = Recorded(
        candidate=_figures(report.first),
        champion=_Champion(digest=digest, figures=None if champion is None else _figures(champion)),
        crossed=crossed,
        churners=report.data.churners,
        stayers=report.data.rows - report.data.churners,
        telling=[_Telling(column=each.name, alone=each.alone) for each in telling[:MOST_NAMED]],
    )
    return recorded.model_dump(mode="json")


def evidence(metrics: Mapping[str, Any], where: str) -> ChurnEvidence:
    """Raises Misconfigured where there is none, or none that can be read."""
    if SECTION not in metrics:
        raise Misconfigured(f"{where} has no evidence", fix=RECORD)
    try:
        said = Recorded.model_validate_json(json.dumps(metrics[SECTION]))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))[:200]
        raise Misconfigured(f"{where}: {SECTION}.{place}: {first['msg'][:200]}", fix=RECORD) from None
    live = said.champion.figures
    return ChurnEvidence(
        candidate=gates.Figures(**said.candidate.model_dump()),
        champion=None if live is None else gates.Figures(**live.model_dump()),
        churners=said.churners,
        stayers=said.stayers,
        crossed=said.crossed,
        telling=tuple((each.column, each.alone) for each in said.telling),
        against=said.champion.digest,
    )


def _figures(result: Result) -> _Figures:
    return _Figures(
        auc=result.auc,
        average_precision=result.average_precision,
        brier=result.calibration.brier,
        calibration_error=result.calibration.error,
        chance=min(result.chance, 1.0),
    )
