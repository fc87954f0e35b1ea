"""Pictures of a report's contenders, as SVG: what is found at what price, where the line is drawn, day by day."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from models.judging import axes, svg
from models.judging.contender import Contender
from models.judging.counts import Counts
from models.judging.figures import Band, Report
from models.judging.ranking import Curve, Integers, Scores, curve
from models.judging.rows import Rows
from models.judging.svg import Axis, Frame
from models.judging.tables import percent, rate

WIDTH: Final = 860
HEIGHT: Final = 520
MOST_POINTS: Final = 400
LEGEND: Final = 610
MOST_LETTERS: Final = 24
CONFIDENCE: Final = 1.96


def all_plots(rows: Rows, contenders: Sequence[Contender], report: Report) -> dict[str, bytes]:
    """By file name."""
    return {
        "precision_recall.svg": precision_recall(rows, contenders, report),
        "thresholds.svg": trade_off(rows, contenders[0], report),
        "recall_by_day.svg": recall_by_day(rows, contenders, report),
        "reliability.svg": reliability(report),
    }


def precision_recall(rows: Rows, contenders: Sequence[Contender], report: Report) -> bytes:
    """Circles are `review_at`, squares `block_at`."""
    known, frame = rows.settled(), _frame(axes.share("recall"), axes.share("precision"))
    drawn, entries = frame.axes(), []
    for style, (contender, result) in reversed([*enumerate(zip(contenders, report.contenders, strict=True))]):
        points = curve(known.fraud, contender.score[rows.known])
        recall, precision = _gains(points)
        drawn.append(frame.line(recall, precision, style, stepped=True))
        entries.append((contender.name, f"average precision {_figure(result.average_precision)}"))
        for level, square in ((result.review, False), (result.block, True)):
            drawn += frame.marks([level.tally.recall], [level.tally.precision], style, square=square)
    drawn += [*_legend(entries[::-1]), *_key(len(entries))]
    title = f"{report.first.name}: average precision {_figure(report.first.average_precision)}"
    return svg.document(WIDTH, HEIGHT, title, _under(report), drawn)


def trade_off(rows: Rows, contender: Contender, report: Report) -> bytes:
    """What every other threshold would have given, above; what it would have cost in alerts, below."""
    known, score = rows.settled(), contender.score[rows.known]
    points = _thinned(curve(known.fraud, score))
    total = np.sort(contender.score)
    alerts = (len(total) - np.searchsorted(total, points.threshold)) / max(rows.days, 1)
    least, most = (float(alerts.min()), float(alerts.max())) if len(alerts) else (1.0, 1.0)
    frauds = max(int(np.count_nonzero(known.fraud)), 1)
    scale = axes.thresholds("threshold")
    upper = Frame(90, 80, 500, 190, Axis("", scale.low, scale.high, _blank(scale), scale.place), axes.share("share"))
    lower = Frame(90, 300, 500, 150, scale, axes.counts("alerts a day", least, most))
    drawn = [
        *upper.axes(),
        *lower.axes(),
        upper.line(points.threshold, points.tp / (points.tp + points.fp), 0),
        upper.line(points.threshold, points.tp / frauds, 1),
        lower.line(points.threshold, alerts, 2),
    ]
    for name, level in (("review_at", report.first.review), ("block_at", report.first.block)):
        if level.threshold <= 1.0:
            drawn += _upright(upper, lower, level.threshold, name)
    review, block = report.first.review, report.first.block
    entries = [
        ("precision", f"{_figure(review.tally.precision)} at review, {_figure(block.tally.precision)} at block"),
        ("recall", f"{_figure(review.tally.recall)} at review, {_figure(block.tally.recall)} at block"),
        ("alerts a day", f"{rate(review.alerts_per_day)} at review, {rate(block.alerts_per_day)} at block"),
    ]
    title = f"{contender.name}: review at {review.threshold:.3g}, block at {_at(block.threshold)}"
    return svg.document(WIDTH, HEIGHT, title, _under(report), [*drawn, *_legend(entries)])


def recall_by_day(rows: Rows, contenders: Sequence[Contender], report: Report) -> bytes:
    """At each contender's own `review_at`; how many frauds a day had stands above it."""
    known = rows.settled()
    days = np.unique(known.day)
    dates = [str(np.datetime64(int(day), "D")) for day in days]
    frame = _frame(axes.days("day", dates), axes.share("recall at review_at"))
    drawn, entries = frame.axes(), []
    for style, (contender, result) in reversed([*enumerate(zip(contenders, report.contenders, strict=True))]):
        recall = _daily_recall(known, contender.score[rows.known] >= contender.at.review_at, days)
        drawn.append(frame.line(np.arange(len(days), dtype=np.float64), recall, style))
        if len(days) <= 2 * axes.MOST_TICKS:
            drawn += frame.marks(range(len(days)), recall, style)
        entries.append((contender.name, f"recall {_figure(result.review.tally.recall)}"))
    frauds = [int(np.count_nonzero(known.fraud & (known.day == day))) for day in days]
    every = max(-(-len(days) // axes.MOST_TICKS), 1)
    for place, (x, count) in enumerate(zip(frame.x(range(len(days))), frauds, strict=True)):
        if place % every == 0:
            drawn.append(svg.text(x, frame.top - 8, f"{count:,}", size=11, anchor="middle", fill=svg.GREY))
    drawn.append(svg.text(frame.left - 8, frame.top - 8, "frauds", size=11, anchor="end", fill=svg.GREY))
    title = f"{report.first.name}: finds {_figure(report.first.review.tally.recall)} of the fraud at review_at"
    return svg.document(WIDTH, HEIGHT, title, _under(report), [*drawn, *_legend(entries[::-1])])


def reliability(report: Report) -> bytes:
    """Whether a score of 0.3 means three in ten; bars are what chance alone allows with so many rows."""
    frame = _frame(axes.rare_share("score, mean of a band"), axes.rare_share("share of fraud found"))
    corner, other = (frame.left, frame.top + frame.height), (frame.left + frame.width, frame.top)
    drawn, entries = [*frame.axes(), svg.segment(corner, other, svg.GREY, "4 4")], []
    shown = [each for each in report.contenders if len(each.calibration.bands) > 1]
    for style, result in reversed([*enumerate(shown)]):
        bands = result.calibration.bands
        said, found = np.array([each.said for each in bands]), np.array([each.found for each in bands])
        drawn += [_whisker(frame, band, style) for band in bands if style == 0]
        drawn += [frame.line(said, np.where(found > 0, found, np.nan), style), *frame.marks(said, found, style)]
        entries.append(
            (result.name, f"error {_figure(result.calibration.error)}, Brier {result.calibration.brier:.4f}")
        )
    title = f"{report.first.name}: calibration error {_figure(report.first.calibration.error)}"
    return svg.document(WIDTH, HEIGHT, title, _under(report), [*drawn, *_legend(entries[::-1])])


def _frame(across: Axis, up: Axis) -> Frame:
    return Frame(90, 84, 500, 366, across, up)


def _gains(points: Curve) -> tuple[Scores, Scores]:
    """Where recall is gained: there precision is highest for that recall."""
    gained = np.flatnonzero(np.diff(points.tp, prepend=0))
    if not len(gained):
        return np.zeros(0), np.zeros(0)
    some = gained[_some(len(gained))]
    recall, precision = points.tp[some] / points.tp[-1], points.tp[some] / (points.tp[some] + points.fp[some])
    return np.concatenate(([0.0], recall)), np.concatenate((precision[:1], precision))


def _thinned(points: Curve) -> Curve:
    """Evenly over the axis of thresholds, and not evenly over rows, of which nearly all score next to nothing."""
    scale = axes.thresholds("")
    inside = np.flatnonzero((points.threshold >= scale.low) & (points.threshold <= scale.high))
    place = scale.share(points.threshold[inside])
    column = np.minimum((place * MOST_POINTS).astype(np.int64), MOST_POINTS - 1)
    last = inside[np.flatnonzero(np.diff(column, append=-1))]
    return Curve(points.threshold[last], points.tp[last], points.fp[last])


def _some(count: int) -> Integers:
    return np.unique(np.linspace(0, count - 1, min(count, MOST_POINTS)).round().astype(np.int64))


def _daily_recall(known: Rows, flagged: np.ndarray, days: Integers) -> Scores:
    counts = (Counts.of(known.fraud[known.day == day], flagged[known.day == day]) for day in days)
    return np.array([each.recall for each in counts])


def _whisker(frame: Frame, band: Band, style: int) -> str:
    """Wilson's interval."""
    n, z = band.rows, CONFIDENCE
    centre = (band.found + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(band.found * (1 - band.found) / n + z * z / (4 * n * n)))
    (x,), (low, high) = frame.x([band.said]), frame.y([centre - half, centre + half])
    return svg.segment((x, low), (x, high), svg.colour(style), width=1.5)


def _upright(upper: Frame, lower: Frame, threshold: float, name: str) -> list[str]:
    (x,) = upper.x([threshold])
    return [
        svg.segment((x, upper.top), (x, lower.top + lower.height), svg.INK, "3 3", 1.2),
        svg.text(x, upper.top - 6, name, anchor="middle", bold=True),
    ]


def _legend(entries: Sequence[tuple[str, str]]) -> list[str]:
    drawn = []
    for style, (name, said) in enumerate(entries):
        y = 96 + 44 * style
        dash = svg.DASHES[style % len(svg.DASHES)]
        drawn += [
            svg.segment((LEGEND, y), (LEGEND + 26, y), svg.colour(style), dash, 2.5),
            svg.text(LEGEND + 34, y + 4, _cut(name), size=13, bold=True),
            svg.text(LEGEND + 34, y + 20, said, size=11, fill=svg.GREY),
        ]
    return drawn


def _key(entries: int) -> list[str]:
    y = 110 + 44 * entries
    return [
        svg.mark((LEGEND + 13, y), svg.GREY),
        svg.text(LEGEND + 34, y + 4, "at review_at", size=11, fill=svg.GREY),
        svg.mark((LEGEND + 13, y + 20), svg.GREY, square=True),
        svg.text(LEGEND + 34, y + 24, "at block_at", size=11, fill=svg.GREY),
    ]


def _under(report: Report) -> str:
    data = report.data
    days = f", {data.first_day} to {data.last_day}" if data.days else ""
    share = percent(data.fraud_share)
    return f"{data.known:,} transactions with a known outcome, {data.frauds:,} frauds ({share}){days}"


def _blank(axis: Axis) -> list[tuple[float, str]]:
    return [(value, "") for value, _ in axis.ticks]


def _cut(name: str) -> str:
    return name if len(name) <= MOST_LETTERS else name[: MOST_LETTERS - 1] + "…"


def _figure(value: float) -> str:
    return "none" if np.isnan(value) else f"{value:.3f}"


def _at(threshold: float) -> str:
    return "no score" if threshold > 1.0 else f"{threshold:.3g}"
