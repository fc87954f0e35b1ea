"""The model card: what a report says, as a page in Markdown. Every number on it is the report's."""

from datetime import UTC, datetime
from typing import Final

from models.judging.figures import About, Level, Report, Weeks
from models.judging.page import UNKNOWN, code, count, four, joined, listed, plain, section, share
from models.judging.tables import bands, percent, rate, tables

FOR: Final = "**For**: ranking transactions for review, and blocking the surest, where outcomes come back as labels."
NOT_FOR: Final = (
    "**Not for**: decisions about a person rather than a transaction, credit or insurance; other kinds of payment; "
    "data whose fields mean something else than those it was trained on."
)


def model_card(report: Report) -> str:
    parts = (_purpose(report), _data(report), _training(report), _figures(report), _limits(report), _reproduce(report))
    return "\n".join([f"# {plain(report.about.model or report.first.name)}", "", *joined(parts)])


def _purpose(report: Report) -> list[str]:
    found = " ".join((_found(report.first.review, "review_at"), _found(report.first.block, "block_at")))
    return [
        f"Scores card transactions for fraud. {found}",
        "",
        FOR,
        "",
        NOT_FOR,
    ]


def _found(level: Level, name: str) -> str:
    if level.threshold > 1.0:
        return f"No score reaches {name}."
    recall, precision = share(level.tally.recall), share(level.tally.precision)
    alerts = rate(level.alerts_per_day)
    return f"At {name} it finds {recall} of the fraud with {alerts} alerts a day, of which {precision} are fraud."


def _data(report: Report) -> list[str]:
    data, about = report.data, report.about
    facts = [
        ("origin", _origin(about)),
        ("read from", ", ".join(map(code, about.sources)) or UNKNOWN),
        ("transactions and labels read", f"{count(about.transactions)} and {count(about.labels)}"),
        ("label delay", plain(about.label_delay) or UNKNOWN),
        ("test days", f"{data.first_day} to {data.last_day}, {data.days}"),
        ("test transactions", f"{data.rows:,}"),
        ("outcome unknown", percent(data.unknown_share)),
        ("frauds", f"{data.frauds:,}, {percent(data.fraud_share)} of those with a known outcome"),
        ("frauds that could be found", UNKNOWN if data.attainable is None else f"{data.attainable:,}"),
        ("value of fraud", f"{data.fraud_minor:,} of {data.amount_minor:,} minor units"),
        (
            f"from {report.method.critical_minor:,} minor units up",
            f"{data.critical:,} transactions, {data.critical_frauds:,} frauds",
        ),
    ]
    return ["## Data", "", *listed(facts)]


def _training(report: Report) -> list[str]:
    about = report.about
    facts = [
        ("estimator", code(about.estimator)),
        ("parameters", ", ".join(f"{code(name)} {plain(str(value))}" for name, value in about.parameters.items())),
        ("feature version", count(about.feature_version)),
        ("trained on", f"{count(about.trained_on)} transactions, {count(about.trained_frauds)} frauds"),
        *(_periods(about.split) if about.split else [("periods", UNKNOWN)]),
    ]
    gap = ["", "Between them lie gaps, so that no verdict tells the future: what is judged could not have been known."]
    return ["## Training", "", *listed((name, said or UNKNOWN) for name, said in facts), *(gap if about.split else [])]


def _figures(report: Report) -> list[str]:
    made = [*tables(report), *([bands(report.first.calibration)] if report.first.calibration.bands else [])]
    error, brier = (four(each) for each in (report.first.calibration.error, report.first.calibration.brier))
    said = "Said is the mean score of a band, found the share of fraud in it."
    sections = joined(section(table) for table in made)
    return ["## Figures", "", *sections, f"{said} Mean distance {error}, Brier score {brier}."]


def _limits(report: Report) -> list[str]:
    data = report.data
    known = f"Figures are of the {data.known:,} transactions whose outcome is known."
    said = [
        f"{known} Of {percent(data.unknown_share)} nobody knows; what is blocked has no outcome.",
        f"{data.frauds:,} frauds on {data.days} days: the intervals say how little that proves.",
        "Labels are opinions that came in time. Fraud that nobody reported counts as genuine.",
        "Thieves change; a model that is not judged again every week is a guess.",
    ]
    if report.about.simulated:
        said.insert(0, "The data is simulated. It shows that the machinery works, not how much fraud you will find.")
    return ["## Limits", "", *(f"- {each}" for each in said)]


def _reproduce(report: Report) -> list[str]:
    about, method = report.about, report.method
    facts = [
        ("seed", str(method.seed)),
        ("draws of days", f"{method.draws:,}"),
        ("a review costs", f"{method.review_minor:,.2f} minor units"),
        ("a wrong block costs", f"{method.wrong_block_minor:,.2f} minor units"),
        ("made at", plain(about.created_at) or UNKNOWN),
        *((f"digest of {plain(name)}", code(digest)) for name, digest in sorted(about.digests.items())),
    ]
    command = ["", "```console", about.command.replace("```", ""), "```"] if about.command else []
    return ["## How to reproduce", "", *listed(facts), *command, ""]


def _origin(about: About) -> str:
    if about.simulated is None:
        return UNKNOWN
    return "simulated, with ground truth" if about.simulated else "the user's own"


def _periods(split: Weeks) -> list[tuple[str, str]]:
    named = (("training", split.train), ("picking thresholds", split.pick), ("test", split.test))
    return [(name, f"{_time(start)} to before {_time(end)}") for name, (start, end) in named]


def _time(ms: int) -> str:
    """UTC, to the minute; periods are whole days in most cases."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(sep=" ", timespec="minutes").removesuffix("+00:00")
