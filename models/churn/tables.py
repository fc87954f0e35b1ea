"""The figures of a report on a churn model as tables of words, the same for a terminal and for a page."""

from typing import Final

from models.churn.report import ChurnReport
from models.judging.tables import Table, amount, bands, figure, percent, span

MOST_COLUMNS: Final = 15


def heading(report: ChurnReport) -> str:
    data = report.data
    return f"{data.rows:,} customers that nobody learnt from, {data.churners:,} of whom left ({percent(data.share)})"


def tables(report: ChurnReport) -> list[Table]:
    """Those that have anything in them."""
    made = (contenders(report), crossed(report), columns(report), left_out(report), bands(report.first.calibration))
    return [table for table in made if table.rows]


def contenders(report: ChurnReport) -> Table:
    head = ("contender", "AUC", "95 %", "AP", "Brier", "error", "by chance", "top tenth", "of all")
    rows = [
        (
            each.name,
            figure(each.auc),
            span(each.auc_span),
            figure(each.average_precision),
            f"{each.calibration.brier:.4f}",
            figure(each.calibration.error),
            figure(each.chance),
            percent(each.top_tenth.precision),
            percent(each.top_tenth.recall),
        )
        for each in report.contenders
    ]
    note = (
        "Error: how far the probabilities said are from the shares found, in the mean; by chance: how far they would "
        "be if they were right. Top tenth: how many of the tenth with the highest scores left, and of all who left."
    )
    return Table("Contenders", head, rows, note)


def crossed(report: ChurnReport) -> Table:
    found = report.crossed
    rows = [] if found is None else [("AUC", figure(found.mean), figure(found.least), figure(found.most))]
    count = len(found.folds) if found else 0
    note = f"{count} models, each judged on those of the training customers that it had not seen."
    return Table("Cross-validated", ("figure", "mean", "least", "most"), rows, note)


def columns(report: ChurnReport) -> Table:
    rows = [
        (each.name, _kind(each.kind, each.categories), figure(each.alone), f"{each.loses:.4f}")
        for each in report.columns[:MOST_COLUMNS]
    ]
    more = len(report.columns) - len(rows)
    note = "Alone: the AUC of the column by itself. Loses: what the model's AUC loses where the column is as usual."
    return Table("Columns", ("column", "kind", "alone", "loses"), rows, note + (f" And {more} more." if more else ""))


def left_out(report: ChurnReport) -> Table:
    return Table("Left out", ("column", "because it"), sorted(report.left_out.items()))


def _kind(kind: str, categories: int) -> str:
    return f"{amount(categories)} categories" if kind == "category" else kind
