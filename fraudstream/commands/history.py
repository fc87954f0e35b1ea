"""The options of every command that works on labelled transactions, and the history they lead to.

`features`, `train` and `evaluate` have all of them.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TextIO

import typer

from batch.history.formats import Format
from batch.history.rejects import USUAL_SHARE
from batch.history.units import Unit
from fraudstream.commands.options import Bootstrap, Config, Set, settings_from
from schemas.errors import Usage

if TYPE_CHECKING:
    from batch.history.file_history import FileHistory
    from batch.history.rejects import Rejects
    from batch.history.topic_history import TopicHistory
    from schemas.settings import Settings

Many = list[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a command line says about files of transactions, each as its option has it."""

    files: Annotated[
        Many,
        typer.Argument(metavar="TRANSACTIONS", help="Parquet, CSV, JSON lines or Avro; or a folder of one kind."),
    ] = None
    style: Annotated[Format | None, typer.Option("--format", help="What the files are [by their suffix].")] = None
    columns: Annotated[
        Many, typer.Option("--map", metavar="FIELD=COLUMN", help="Which column a field is [the one of its name].")
    ] = None
    fills: Annotated[
        Many, typer.Option("--fill", metavar="FIELD=VALUE", help="What a field is where the table has nothing.")
    ] = None
    timezone: Annotated[
        str, typer.Option("--timezone", metavar="ZONE", help="Zone of times that do not say theirs.")
    ] = "UTC"
    time_unit: Annotated[
        Unit | None, typer.Option("--time-unit", help="What times that are numbers count since 1970.")
    ] = None
    rejects: Annotated[
        Path | None, typer.Option("--rejects", metavar="FILE", help="Gets each row that cannot be used, as JSON lines.")
    ] = None
    max_rejects: Annotated[
        float, typer.Option("--max-rejects", min=0, max=1, help="The share of rows that may be so.")
    ] = USUAL_SHARE
    bootstrap: Bootstrap = None
    config: Config = None
    sets: Set = None

    def settings(self) -> "Settings":
        return settings_from(self.bootstrap, None, self.config, self.sets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Table):
    """What a command line says about the labelled history to be read."""

    labels: Annotated[
        Many, typer.Option("--labels", metavar="FILE", help="Verdicts, where they are not in the same table.")
    ] = None
    label_columns: Annotated[
        Many, typer.Option("--label-map", metavar="FIELD=COLUMN", help="As --map, for the table of --labels.")
    ] = None
    label_delay: Annotated[
        str | None,
        typer.Option("--label-delay", metavar="7d", help="A verdict that does not say when it was known was then."),
    ] = None
    fraud_value: Annotated[
        str | None, typer.Option("--fraud-value", metavar="VALUE", help="What means fraud [1, true, yes].")
    ] = None
    truths: Annotated[
        Many, typer.Option("--truth", metavar="FILE", help="What is true of each event: event_id, is_fraud, scenario.")
    ] = None
    from_topics: Annotated[
        bool, typer.Option("--from-topics", help="Read what the topics of transactions and labels hold instead.")
    ] = False


ONLY_FILES: Final = {
    "files": "TRANSACTIONS",
    "style": "--format",
    "columns": "--map",
    "fills": "--fill",
    "labels": "--labels",
    "label_columns": "--label-map",
    "label_delay": "--label-delay",
    "fraud_value": "--fraud-value",
    "time_unit": "--time-unit",
}
"""What says nothing about topics."""


@contextmanager
def history_of(told: Told, settings: "Settings", note: Callable[[str], None]) -> "Iterator[FileHistory | TopicHistory]":
    """`note` hears what is worth knowing about the history as a whole."""
    from batch.history.rejects import Rejects

    with ExitStack() as stack:
        file = rejected_to(stack, told.rejects)
        rejects = Rejects(told.max_rejects, file)
        if told.from_topics:
            topics = _of_topics(told, settings, rejects)
            stack.callback(topics.close)
            yield topics
        else:
            yield _of_files(told, settings, rejects, note)


@contextmanager
def transactions_of(
    told: Table, topic: str | None, settings: "Settings", note: Callable[[str], None]
) -> "Iterator[FileHistory | TopicHistory]":
    """Transactions alone, of files whatever else they say, or of a topic."""
    from batch.history.rejects import Rejects

    with ExitStack() as stack:
        file = rejected_to(stack, told.rejects)
        plain = Told(**{each.name: getattr(told, each.name) for each in fields(Table)})
        rejects = Rejects(told.max_rejects, file)
        if topic is None:
            yield _of_files(plain, settings, rejects, note, verdicts=False)
            return
        if told.files:
            raise Usage("--from-topic reads no files, and there are files", fix="leave out one of them")
        topics = settings.topics.model_copy(update={"transactions": topic})
        history = _of_topics(plain, settings.model_copy(update={"topics": topics}), rejects)
        stack.callback(history.close)
        yield history


def _of_files(
    told: Told, settings: "Settings", rejects: "Rejects", note: Callable[[str], None], *, verdicts: bool = True
) -> "FileHistory":
    from batch.history.assignment import LABELS, TRANSACTIONS, TRUTHS, assignment
    from batch.history.file_history import FileHistory, Origin
    from batch.history.files import found
    from batch.history.sheet import NO_CURRENCY, Reading
    from batch.history.times import Clock
    from models.bank import Bank
    from schemas.lot import Checks

    if not told.files:
        topics = ", or give --from-topics" if verdicts else ""
        raise Usage("there is nothing to read", fix=f"name files of transactions{topics}")
    _labels_once(told)
    origin = Origin(
        found(told.files, told.style),
        assignment(TRANSACTIONS, told.columns or (), told.fills or ()),
        assignment(LABELS, told.label_columns or ()),
        assignment(TRUTHS, ()),
        found(told.labels or []),
        found(told.truths or []),
        Reading(
            Clock(zone_of(told.timezone), told.time_unit), settings.money.reference or NO_CURRENCY, told.fraud_value
        ),
        _milliseconds(told.label_delay),
        Checks(reject_pans=settings.checks.reject_pans),
        Bank.of(settings).money,
        verdicts,
    )
    return FileHistory(origin, rejects, note)


def _of_topics(told: Told, settings: "Settings", rejects: "Rejects") -> "TopicHistory":
    from batch.history.assignment import TRUTHS, assignment
    from batch.history.files import found
    from batch.history.sheet import Reading
    from batch.history.topic_history import TopicHistory
    from batch.history.truths import TruthTables
    from models.bank import Bank

    if given := [option for name, option in ONLY_FILES.items() if getattr(told, name)]:
        raise Usage(f"--from-topics reads no files, and {', '.join(given)} is about files", fix="leave out one of them")
    truths = TruthTables(found(told.truths), assignment(TRUTHS, ()), Reading()) if told.truths else None
    return TopicHistory(settings, Bank.of(settings).money, rejects, truths)


def _labels_once(told: Told) -> None:
    mapped = {text.partition("=")[0] for text in [*(told.columns or ()), *(told.fills or ())]}
    if told.labels and mapped & {"is_fraud", "label_time"}:
        raise Usage(
            "--labels says where the verdicts are, and so does --map is_fraud",
            fix="leave out one; what a column of the transactions says of fraud is not looked at beside --labels",
        )
    if told.labels and "scenario" in mapped:
        raise Usage(
            "--map scenario goes with is_fraud in the same table, and --labels says that the verdicts are elsewhere",
            fix="give the scenarios as --truth FILE, with event_id and is_fraud",
        )
    if told.label_columns and not told.labels:
        raise Usage("--label-map is about the table of --labels", fix="give --labels FILE, or use --map")


def zone_of(name: str) -> str:
    from schemas.settings.rules import zone

    try:
        return zone(name)
    except ValueError as error:
        raise Usage(f"--timezone {name} {error}", fix="give its IANA name") from None


def _milliseconds(delay: str | None) -> int | None:
    from schemas.durations import WORDS, milliseconds

    try:
        return None if delay is None else milliseconds(delay)
    except ValueError:
        raise Usage(f"--label-delay {delay} is no length of time", fix=f"give {WORDS}") from None


def rejected_to(stack: ExitStack, path: Path | None) -> TextIO | None:
    return stack.enter_context(_written(path)) if path else None


def _written(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise Usage(f"--rejects {path}: {error.strerror}", fix="name a file that can be written") from error
