"""What a candidate's artefact says for it, as JSON: judged on which weeks, against whom, with which figures.

Candidate and champion are of one report, so of the same rows. Whatever does not add up is no evidence.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from math import isnan
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, ValidationError, model_validator

from models.judging.bootstrap import Interval
from models.judging.figures import Count, Figure, Form, Report, Result, Span, Weeks
from models.judging.gates import AsOf, Evidence, Figures, Weight
from schemas.errors import Misconfigured

SECTION: Final = "evidence"
"""Of the metrics of an artefact's manifest."""
RECORD: Final = "`fraudstream train` and `fraudstream evaluate` record it with the model"


class _Figures(Form):
    recall: Figure
    average_precision: Figure
    auc: Figure
    accuracy: Figure
    cost_per_row: Figure
    fpr: Figure

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for name in ("recall", "average_precision", "auc", "accuracy", "fpr"):
            if not isnan(found := getattr(self, name)) and not 0.0 <= found <= 1.0:
                raise ValueError(f"{name} is {found}, which is no share")
        if self.cost_per_row < 0.0:
            raise ValueError("the cost is below nothing")
        return self


class _Weight(Form):
    frauds: Count
    days: Count
    unknown: Annotated[float, Field(ge=0.0, le=1.0)]


class _Champion(Form):
    digest: str
    figures: _Figures


class _AsOf(Form):
    rows: Count
    different: Count
    features: list[str] = Field(default_factory=list)


class _Split(Form):
    by_time: bool
    weeks: Weeks


class Recorded(Form):
    """As it stands in the manifest; `digest` is the champion's content digest, or `rules`."""

    format: Literal[1] = 1
    split: _Split
    as_of: _AsOf
    candidate: _Figures
    champion: _Champion
    gain: Span
    weight: _Weight

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        low, middle, high = self.gain.low, self.gain.middle, self.gain.high
        if low > middle or middle > high:
            raise ValueError("the gain's interval is not in order")
        return self

    def facts(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


def record(report: Report, against: str, digest: str, as_of: AsOf, *, by_time: bool = True) -> dict[str, Any]:
    """The section of the report's first contender; `against` is the name of the champion's."""
    champion = next((each for each in report.contenders[1:] if each.name == against), None)
    if champion is None or report.about.split is None:
        raise ValueError(f"the report has no contender {against}, or says nothing of its split")
    lead = next(each for each in report.leads if each.name == against)
    recorded = Recorded(
        split=_Split(by_time=by_time, weeks=report.about.split),
        as_of=_AsOf(rows=as_of.rows, different=as_of.different, features=list(as_of.features)),
        candidate=_figures(report.first),
        champion=_Champion(digest=digest, figures=_figures(champion)),
        gain=lead.saved_per_row,
        weight=_Weight(frauds=report.data.frauds, days=report.data.days, unknown=report.data.unknown_share),
    )
    return recorded.facts()


def evidence(metrics: Mapping[str, Any], where: str) -> Evidence:
    """Raises Misconfigured where there is none, or none that can be read."""
    if SECTION not in metrics:
        raise Misconfigured(f"{where} has no evidence", fix=RECORD)
    try:
        said = Recorded.model_validate_json(json.dumps(metrics[SECTION]))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))[:200]
        raise Misconfigured(f"{where}: {SECTION}.{place}: {first['msg'][:200]}", fix=RECORD) from None
    return Evidence(
        candidate=Figures(**said.candidate.model_dump()),
        champion=Figures(**said.champion.figures.model_dump()),
        gain=Interval(said.gain.low, said.gain.middle, said.gain.high),
        as_of=AsOf(said.as_of.rows, said.as_of.different, tuple(said.as_of.features)),
        weight=Weight(said.weight.frauds, said.weight.days, said.weight.unknown),
        split_by_time=said.split.by_time and _later(said.split.weeks),
        against=said.champion.digest,
    )


def _later(weeks: Weeks) -> bool:
    """Whatever the artefact claims: nothing was learnt or picked on the test period or after it began."""
    begins, ends = weeks.test
    return begins < ends and max(weeks.train[1], weeks.pick[1]) <= begins


def _figures(result: Result) -> _Figures:
    figures = Figures(
        recall=result.review.tally.recall,
        average_precision=result.average_precision,
        auc=result.auc,
        accuracy=result.review.tally.accuracy,
        cost_per_row=result.cost_per_row,
        fpr=result.review.tally.fpr,
    )
    return _Figures(**asdict(figures))
