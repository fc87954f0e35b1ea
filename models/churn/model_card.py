"""The model card of a churn model: what its report says, as a page in Markdown."""

from typing import Final

from models.churn.report import ChurnReport
from models.churn.tables import heading, tables
from models.judging.page import UNKNOWN, code, count, four, joined, listed, plain, section, share

FOR: Final = "**For**: ranking customers by the chance that they leave, and weighing what a wrong decision would cost."
NOT_FOR: Final = (
    "**Not for**: refusing anybody a service, prices, credit or insurance; customers of another business; tables whose "
    "columns mean something else than those it was trained on."
)


def model_card(report: ChurnReport) -> str:
    parts = (_purpose(report), _training(report), _figures(report), _limits(report))
    return "\n".join([f"# {plain(report.about.model or report.first.name)}", "", *joined(parts)])


def _purpose(report: ChurnReport) -> list[str]:
    top = report.first.top_tenth
    found = (
        f"Of the tenth of the customers with the highest scores {share(top.precision)} left, which is "
        f"{share(top.recall)} of all who did."
    )
    return [f"Says how likely each customer is to leave. {found}", "", FOR, "", NOT_FOR]


def _training(report: ChurnReport) -> list[str]:
    about = report.about
    facts = [
        ("read from", ", ".join(map(code, about.sources)) or UNKNOWN),
        ("ids", code(about.key or "") or "none"),
        ("label", code(about.label) or UNKNOWN),
        ("estimator", code(about.estimator)),
        ("parameters", ", ".join(f"{code(name)} {plain(str(value))}" for name, value in about.parameters.items())),
        ("trained on", f"{count(about.trained_on)} customers, of whom {count(about.trained_churners)} left"),
        ("seed", str(about.seed)),
        ("made at", plain(about.created_at)),
    ]
    return ["## Training", "", *listed((name, said or UNKNOWN) for name, said in facts)]


def _figures(report: ChurnReport) -> list[str]:
    sections = joined(section(table) for table in tables(report))
    error, brier = (four(each) for each in (report.first.calibration.error, report.first.calibration.brier))
    said = "Said is the mean score of a band, found the share in it that left."
    return [
        "## Figures",
        "",
        f"{heading(report)}.",
        "",
        *sections,
        f"{said} Mean distance {error}, Brier score {brier}.",
    ]


def _limits(report: ChurnReport) -> list[str]:
    said = [
        f"{report.data.churners:,} customers who left: the intervals say how little that proves.",
        "Held-back customers are of the same table as those it learnt from. Later ones may be different.",
        "What was written down after somebody had left tells the label; a high AUC is a reason to look for it.",
        "A category that was not there in training counts for nothing, a blank as what blanks meant there.",
    ]
    return ["## Limits", "", *(f"- {each}" for each in said)]
