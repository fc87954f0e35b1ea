"""The figures of a report as tables of words, the same for a terminal and for a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import Final

from models.judging.figures import Calibration, Level, Report, Result, Span

NONE: Final = "-"
MANY: Final = 1_000
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """`note` says what the columns are of. Cells of the first column are names, the others numbers."""

    title: str
    head: Row
    rows: Sequence[Row]
    note: str = ""


def tables(report: Report) -> list[Table]:
    """Those that have anything in them."""
    made = (contenders(report), decisions(report), amounts(report), scenarios(report), choices(report))
    rest = (intervals(report), leads(report), folds(report))
    return [table for table in (*made, *rest) if table.rows]


def contenders(report: Report) -> Table:
    called = report.first.cards.called
    rows = [
        (
            each.name,
            figure(each.average_precision),
            figure(each.auc),
            f"{figure(each.cards.precision)} of {figure(each.cards.attainable)}",
            figure(each.review.tally.recall),
            figure(each.review.tally.precision),
            percent(each.review.tally.fpr),
            rate(each.review.alerts_per_day),
            amount(each.cost_per_row, 2),
        )
        for each in report.contenders
    ]
    note = (
        "Recall, precision, false positive rate (FPR) and alerts a day at review_at. "
        f"Cards@{called}: of {called} cards called a day, how many were defrauded, and how many any ranking could have "
        "found. Cost in minor units."
    )
    head = ("contender", "AP", "AUC", f"cards@{called}", "recall", "precision", "FPR", "alerts/day", "cost/row")
    return Table("Contenders", head, rows, note)


def decisions(report: Report) -> Table:
    head = ("contender", "at", "score", "alerts/day", "recall", "precision", "FPR", "MCC", "F1", "accuracy")
    rows = [
        (each.name, at, threshold(level), rate(level.alerts_per_day), *_quality(level))
        for each in report.contenders
        for at, level in _levels(each)
    ]
    note = "Accuracy is shown because people ask for it; approving everything has it too, and no gate looks at it."
    return Table("At the thresholds", head, rows, note)


def amounts(report: Report) -> Table:
    head = ("contender", "at", "caught", "share", "precision", "critical", "attainable", "of critical")
    rows = [(each.name, at, *_amounts(level)) for each in report.contenders for at, level in _levels(each)]
    note = (
        "Caught, in minor units, is the value of fraud flagged; share, of all fraud; precision, of what is flagged. "
        f"Critical: recall from {report.method.critical_minor:,} minor units up. Attainable: recall of the fraud that "
        "ground truth says could be found; of critical: the same from that amount up."
    )
    return Table("By amount", head, rows, note)


def scenarios(report: Report) -> Table:
    head = ("scenario", "frauds", "attainable", "review", "block", "of attainable", "value")
    rows = [
        (
            each.name,
            amount(each.frauds),
            NONE if each.attainable is None else amount(each.attainable),
            figure(each.review_recall),
            figure(each.block_recall),
            figure(each.attainable_recall),
            figure(each.value_share),
        )
        for each in report.first.scenarios
    ]
    note = f"Recall of {report.first.name} at review_at and block_at; share of the value of fraud at review_at."
    return Table("By scenario", head, rows, note)


def choices(report: Report) -> Table:
    head = ("kind", "wanted", "review_at", "block_at", "recall", "precision", "alerts/day", "blocks/day", "cost/row")
    rows = [
        (
            each.kind + (" (live)" if each.live else ""),
            NONE if isnan(each.wanted) else f"{each.wanted:g}",
            threshold(each.review),
            threshold(each.block),
            figure(each.review.tally.recall),
            figure(each.review.tally.precision),
            rate(each.review.alerts_per_day),
            rate(each.block.alerts_per_day),
            amount(each.cost_per_row, 2),
        )
        for each in report.choices
    ]
    note = "Picked on an earlier period, judged on this one: so much fraud found, least cost, so many alerts a day."
    return Table("Thresholds of three kinds", head, rows, note)


def intervals(report: Report) -> Table:
    head = ("contender", "AP", "AUC", "recall", "precision", "cost/row")
    rows = [
        (
            each.name,
            span(each.intervals.average_precision),
            span(each.intervals.auc),
            span(each.intervals.recall),
            span(each.intervals.precision),
            span(each.intervals.cost_per_row, 2),
        )
        for each in report.contenders
    ]
    return Table("Intervals", head, rows, f"95 % of {report.method.draws:,} draws of whole days.")


def leads(report: Report) -> Table:
    head = ("against", "AP", "AUC", "recall", "value", "saved/row")
    rows = [
        (
            each.name,
            span(each.average_precision),
            span(each.auc),
            span(each.recall),
            span(each.value_share),
            span(each.saved_per_row, 2),
        )
        for each in report.leads
    ]
    per_day = rate(report.first.review.alerts_per_day)
    note = (
        f"{report.first.name} minus each other, drawn in pairs; recall, value and cost with as many alerts and blocks "
        f"for both ({per_day} alerts a day). Above zero: better, and not by chance."
    )
    return Table("Lead at equal alerts", head, rows, note)


def folds(report: Report) -> Table:
    found = report.prequential
    head = ("figure", "mean", "least", "most")
    names = {"average_precision": "AP", "auc": "AUC", "recall": "recall", "precision": "precision"}
    extents = [] if found is None else [(word, getattr(found, name)) for name, word in names.items()]
    rows = [(word, figure(each.mean), figure(each.least), figure(each.most)) for word, each in extents]
    count = len(found.folds) if found else 0
    return Table("Week by week", head, rows, f"{count} test periods, each judged with what was known before it.")


def bands(calibration: Calibration) -> Table:
    rows = [
        (f"{each.low:g} to {each.high:g}", amount(each.rows), f"{each.said:.4f}", f"{each.found:.4f}")
        for each in calibration.bands
    ]
    return Table("Calibration", ("score", "rows", "said", "found"), rows)


def figure(value: float) -> str:
    return NONE if isnan(value) else f"{value:.3f}"


def percent(value: float) -> str:
    return NONE if isnan(value) else f"{100 * value:.2f} %"


def amount(value: float, digits: int = 0) -> str:
    return NONE if isnan(value) else f"{value:,.{digits}f}"


def rate(per_day: float) -> str:
    """Tenths count only of few."""
    return amount(per_day, 1 if per_day < MANY else 0)


def span(found: Span, digits: int = 3) -> str:
    return NONE if isnan(found.low) else f"{found.low:,.{digits}f}…{found.high:,.{digits}f}"


def threshold(level: Level) -> str:
    """Above every probability nothing is flagged."""
    return "never" if level.threshold > 1.0 else f"{level.threshold:.3g}"


def _levels(result: Result) -> list[tuple[str, Level]]:
    """A contender that never blocks has one level."""
    blocks = [("block", result.block)] if result.block.threshold <= 1.0 else []
    return [("review", result.review), *blocks]


def _quality(level: Level) -> Row:
    tally = level.tally
    rates = figure(tally.recall), figure(tally.precision), percent(tally.fpr)
    return (*rates, figure(tally.mcc), figure(tally.f1), figure(tally.accuracy))


def _amounts(level: Level) -> Row:
    value = level.value
    return (
        amount(value.caught_minor),
        figure(value.share),
        figure(value.precision),
        figure(level.critical.recall),
        figure(level.attainable_recall),
        figure(level.critical_attainable_recall),
    )
