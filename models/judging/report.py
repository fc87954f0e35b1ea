"""One report of one test period: every contender at its own thresholds, and the first against each at equal alerts."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import numpy as np

from models.judging import figures
from models.judging.bootstrap import DRAWS, Interval
from models.judging.calibration import banded, brier, calibration_error
from models.judging.contender import Contender
from models.judging.counts import ratio
from models.judging.draws import Draws, Ranking, interval
from models.judging.figures import About, Prequential, Report
from models.judging.levels import level, scenarios
from models.judging.ranking import average_precision, card_precision, roc_auc
from models.judging.rows import Rows
from models.judging.shares import Shares, row_costs
from models.judging.thresholds import Costs, Thresholds
from schemas.errors import Usage

__all__ = ["CARDS_CALLED", "CRITICAL_MINOR", "Choice", "Contender", "Report", "judge"]

CARDS_CALLED: Final = 100
CRITICAL_MINOR: Final = 10_000
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Choice(NamedTuple):
    """Thresholds of the first contender picked for one purpose; `wanted` is the recall or the alerts asked for."""

    kind: figures.Kind
    at: Thresholds
    wanted: float = float("nan")
    live: bool = False


class _View(NamedTuple):
    """A contender on the rows whose outcome is known, with its ranking in each draw."""

    contender: Contender
    ranking: Ranking
    shares: Shares


class _Period(NamedTuple):
    rows: Rows
    known: Rows
    draws: Draws
    costs: Costs
    critical_minor: int
    called: int

    def view(self, contender: Contender) -> _View:
        score = contender.score[self.rows.known]
        ranking = self.draws.ranking(self.known.fraud, score)
        return _View(contender, ranking, Shares.at(score, contender.at))

    def cost_per_row(self, at: Shares) -> float:
        return ratio(float(np.sum(row_costs(self.known.fraud, self.known.amount, at, self.costs))), len(self.known))


def judge(
    rows: Rows,
    contenders: Sequence[Contender],
    costs: Costs,
    seed: int,
    *,
    choices: Sequence[Choice] = (),
    prequential: Prequential | None = None,
    about: About | None = None,
    cards_called: int = CARDS_CALLED,
    critical_minor: int = CRITICAL_MINOR,
    draws: int = DRAWS,
) -> Report:
    """The same arguments give the same bytes. The first contender is the one that the report is about."""
    _check(rows, contenders)
    known = rows.settled()
    period = _Period(rows, known, Draws.of(known.day, seed, draws), costs, critical_minor, cards_called)
    views = [period.view(contender) for contender in contenders]
    return Report(
        about=about or About(),
        data=_data(rows, known, critical_minor),
        method=figures.Method(
            seed=seed,
            draws=draws,
            critical_minor=critical_minor,
            review_minor=float(costs.review_minor),
            wrong_block_minor=float(costs.wrong_block_minor),
        ),
        contenders=[_result(period, view) for view in views],
        leads=[_lead(period, views[0], other) for other in views[1:]],
        choices=[_choice(period, contenders[0], choice) for choice in choices],
        prequential=prequential,
    )


def _check(rows: Rows, contenders: Sequence[Contender]) -> None:
    names = [each.name for each in contenders]
    if not names or len(set(names)) != len(names):
        raise Usage(f"the contenders are {names or 'none'}", fix="give at least one, each with a name of its own")
    for each in contenders:
        if len(each.score) != len(rows):
            raise ValueError(f"{each.name} has {len(each.score)} scores for {len(rows)} rows")


def _result(period: _Period, view: _View) -> figures.Result:
    known, score, at = period.known, view.contender.score, view.contender.at
    settled = score[period.rows.known]
    # dense numbers: the ids are 64-bit hashes, and half of them are no int64
    card = np.unique(known.card, return_inverse=True)[1].astype(np.int64)
    cards = card_precision(known.fraud, settled, card, known.day, period.called)
    return figures.Result(
        name=view.contender.name,
        average_precision=average_precision(known.fraud, settled),
        auc=roc_auc(known.fraud, settled),
        cards=figures.Cards(called=period.called, precision=cards.precision, attainable=cards.attainable),
        review=level(period.rows, score >= at.review_at, at.review_at, period.critical_minor),
        block=level(period.rows, score >= at.block_at, at.block_at, period.critical_minor),
        scenarios=scenarios(period.rows, view.contender),
        calibration=figures.Calibration(
            error=float(calibration_error(known.fraud, settled)),
            brier=brier(known.fraud, settled),
            bands=[
                figures.Band(low=low, high=high, rows=each.rows, said=each.said, found=each.found)
                for low, high, each in banded(known.fraud, settled)
            ],
        ),
        cost_per_row=period.cost_per_row(view.shares),
        intervals=_intervals(period, view),
    )


def _intervals(period: _Period, view: _View) -> figures.Intervals:
    known, draws, alert = period.known, period.draws, view.shares.alert
    cost = row_costs(known.fraud, known.amount, view.shares, period.costs)
    return figures.Intervals(
        average_precision=_span(interval(view.ranking.average_precision)),
        auc=_span(interval(view.ranking.auc)),
        recall=_span(interval(draws.ratios(alert * known.fraud, known.fraud))),
        precision=_span(interval(draws.ratios(alert * known.fraud, alert))),
        cost_per_row=_span(interval(draws.ratios(cost, np.ones(len(known))))),
    )


def _lead(period: _Period, first: _View, other: _View) -> figures.Lead:
    """Thresholds that make equal alerts are chosen once, for the whole period, not anew in each draw."""
    known, draws = period.known, period.draws
    as_many = Shares.as_many(other.contender.score[period.rows.known], first.shares)
    mine, theirs = first.shares.alert * known.fraud, as_many.alert * known.fraud
    saved = row_costs(known.fraud, known.amount, as_many, period.costs) - row_costs(
        known.fraud, known.amount, first.shares, period.costs
    )
    return figures.Lead(
        name=other.contender.name,
        alerts_per_day=ratio(float(first.shares.alert.sum()), known.days),
        average_precision=_span(interval(first.ranking.average_precision - other.ranking.average_precision)),
        auc=_span(interval(first.ranking.auc - other.ranking.auc)),
        recall=_span(interval(draws.ratios(mine - theirs, known.fraud))),
        precision=_span(
            interval(draws.ratios(mine, first.shares.alert) - draws.ratios(theirs, as_many.alert)),
        ),
        value_share=_span(interval(draws.ratios((mine - theirs) * known.amount, known.amount * known.fraud))),
        saved_per_row=_span(interval(draws.ratios(saved, np.ones(len(known))))),
    )


def _choice(period: _Period, contender: Contender, choice: Choice) -> figures.Choice:
    score, at = contender.score, choice.at
    return figures.Choice(
        kind=choice.kind,
        wanted=float(choice.wanted),
        live=choice.live,
        review=level(period.rows, score >= at.review_at, at.review_at, period.critical_minor),
        block=level(period.rows, score >= at.block_at, at.block_at, period.critical_minor),
        cost_per_row=period.cost_per_row(Shares.at(score[period.rows.known], at)),
    )


def _data(rows: Rows, known: Rows, critical_minor: int) -> figures.Data:
    frauds = int(np.count_nonzero(known.fraud))
    critical = known.amount >= critical_minor
    return figures.Data(
        rows=len(rows),
        known=len(known),
        unknown_share=rows.unknown_share,
        frauds=frauds,
        fraud_share=ratio(frauds, len(known)),
        fraud_minor=int(known.amount[known.fraud].sum()),
        amount_minor=int(known.amount.sum()),
        days=rows.days,
        first_day=_date(int(rows.day.min())) if len(rows) else "",
        last_day=_date(int(rows.day.max())) if len(rows) else "",
        attainable=None if known.attainable is None else int(np.count_nonzero(known.attainable & known.fraud)),
        critical=int(np.count_nonzero(critical)),
        critical_frauds=int(np.count_nonzero(critical & known.fraud)),
    )


def _date(day: int) -> str:
    return (EPOCH + timedelta(days=day)).date().isoformat()


def _span(found: Interval) -> figures.Span:
    return figures.Span(low=found.low, middle=found.middle, high=found.high)
