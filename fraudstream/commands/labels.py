"""`fraudstream label`, `fraudstream labels import` and `mature`: verdicts to the label topic."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from enum import StrEnum
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from fraudstream.commands.maturing import mature
from fraudstream.commands.options import Bootstrap, Config, Set, moment_ms, settings_from, span_ms
from fraudstream.commands.progress import progress, share_read, to_stderr
from fraudstream.commands.sending import FramingOption, Sending, encoder_for, publisher_for, what_now, written
from producer.files import Format, Rows, format_of, opened
from schemas.errors import Usage
from schemas.framing import Framing

if TYPE_CHECKING:
    from producer.form import Form
    from schemas.settings import Settings

app = typer.Typer(
    help="Publish verdicts on transactions, many at a time; `fraudstream label` publishes one.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Verdict(StrEnum):
    FRAUD = "fraud"
    GENUINE = "genuine"


class Known(StrEnum):
    NOW = "now"
    COLUMN = "column"


COPIED: Final = ("card_id", "terminal_id", "amount_minor", "currency", "event_time")

EventId = Annotated[str, typer.Argument(metavar="EVENT_ID", help="Of the transaction.")]
Judged = Annotated[Verdict, typer.Argument(metavar="fraud|genuine", help="The verdict.")]
Card = Annotated[str | None, typer.Option("--card", metavar="ID", help="Card of the transaction.")]
Terminal = Annotated[str | None, typer.Option("--terminal", metavar="ID", help="Terminal of the transaction.")]
Amount = Annotated[int | None, typer.Option("--amount", metavar="MINOR", help="Its amount, in minor units.")]
Currency = Annotated[str | None, typer.Option("--currency", metavar="CODE", help="Its currency, such as EUR.")]
EventTime = Annotated[
    str | None, typer.Option("--event-time", metavar="TIME", help="When it happened, as 2026-01-31T06:00:00Z.")
]
Within = Annotated[
    str, typer.Option("--within", metavar="SPAN", help="How far back a transaction is looked up that is not all told.")
]
Source = Annotated[str, typer.Option("--source", metavar="NAME", help="Who says so.")]
Topic = Annotated[str | None, typer.Option("--topic", metavar="NAME", help="Where to [topics.labels].")]
File = Annotated[str, typer.Argument(help="JSON lines, CSV, Avro or Parquet; - is standard input.", metavar="FILE")]
FormatOption = Annotated[
    Format | None, typer.Option("--format", help="What FILE is [by its suffix; jsonl on standard input].")
]
Rate = Annotated[float | None, typer.Option("--rate", min=0.001, help="Most per second.")]
RejectsFile = Annotated[
    Path | None,
    typer.Option("--rejects", help="Gets each row that cannot be sent as a JSON line: line, reason, detail."),
]
Strict = Annotated[bool, typer.Option("--strict", help="Stop at the first row that cannot be sent.")]
Stamped = Annotated[
    Known,
    typer.Option(
        "--known",
        help="When the verdicts are known: as they are sent, or at the time in the column `timestamp`. The latter is "
        "for a history that is loaded before anything is scored: a scorer that runs has answered without it.",
    ),
]


def label(
    event_id: EventId,
    verdict: Judged,
    *,
    card: Card = None,
    terminal: Terminal = None,
    amount: Amount = None,
    currency: Currency = None,
    event_time: EventTime = None,
    within: Within = "30d",
    source: Source = "investigator",
    framing: FramingOption = Framing.SINGLE_OBJECT,
    topic: Topic = None,
    bootstrap: Bootstrap = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Publish a verdict on one transaction. The latest one counts, so that a wrong one is corrected by the right one.

    A label says card, terminal, amount, currency and time of its transaction. Where not all of them are told, the
    transaction is looked up on the input topic, and what was told has to agree with it.
    """
    from producer.verdicts import told

    given = {
        "card_id": card,
        "terminal_id": terminal,
        "amount_minor": amount,
        "currency": currency,
        "event_time": None if event_time is None else moment_ms(event_time, "--event-time"),
    }
    back_ms = span_ms(within, "--within")
    settings = settings_from(bootstrap, None, config, sets)
    row = {name: value for name, value in given.items() if value is not None}
    if len(row) < len(COPIED):
        row |= _looked_up(settings, event_id, row, within, back_ms)
    row |= {"event_id": event_id, "is_fraud": verdict is Verdict.FRAUD, "source": source}
    encode = encoder_for(settings, framing, topic or settings.topics.labels, "label")
    event = told(row, _checks(settings), encode)
    sending = Sending(publisher_for(settings, topic or settings.topics.labels, None))
    sending.read = 1
    sending.run([event], lambda _: None)
    to_stderr(f"published to {topic or settings.topics.labels}: {event_id} of card {row['card_id']} is {verdict}")


@app.command("import", short_help="Publish the labels of a file or a pipe.")
def import_labels(
    file: File,
    *,
    style: FormatOption = None,
    framing: FramingOption = Framing.SINGLE_OBJECT,
    rate: Rate = None,
    rejects: RejectsFile = None,
    strict: Strict = False,
    known: Stamped = Known.NOW,
    topic: Topic = None,
    bootstrap: Bootstrap = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Publish labels: the good ones are sent, the others are told with their line and reason."""
    from producer.form import KNOWN_LABELS, LABELS
    from producer.rejects import Rejects
    from producer.verdicts import events

    settings = settings_from(bootstrap, None, config, sets)
    name, style, stamped = topic or settings.topics.labels, format_of(file, style), known is Known.COLUMN
    with ExitStack() as stack:
        stream = stack.enter_context(opened(file))
        bad = Rejects(to_stderr, stack.enter_context(written(rejects)) if rejects else None)
        encode = encoder_for(settings, framing, name, "label")
        sending = Sending(publisher_for(settings, name, rate), bad)
        bad.say = stack.enter_context(progress(sending.state, share_read(stream)))
        rows = _rows(stream, style, KNOWN_LABELS if stamped else LABELS, sending, bad.say)
        labels = events(rows, style, bad, _checks(settings), encode, strict=strict, known=stamped)
        sending.run(labels, bad.say)
    if bad.total:
        raise Usage(f"{bad.total:,} of {sending.read:,} rows were not sent", fix=what_now(rejects))


app.command("mature", short_help="Publish that what nobody disputed was genuine.")(mature)


def _rows(stream: BufferedReader, style: Format, form: "Form", sending: Sending, say: Any) -> Iterator[Rows]:  # noqa: ANN401
    from producer.rows import rows_of

    for rows in rows_of(stream, style, say, form):
        sending.read += len(rows)
        yield rows


def _checks(settings: "Settings") -> Any:  # noqa: ANN401 - imported when it runs
    from schemas.lot import Checks

    return Checks(reject_pans=settings.checks.reject_pans)


def _looked_up(
    settings: "Settings", event_id: str, given: dict[str, Any], within: str, within_ms: int
) -> dict[str, Any]:
    """What a label copies from its transaction. Raises Usage where it is not there or says something else."""
    from producer.lookup import Lookup

    with closing(Lookup(settings, to_stderr)) as lookup:
        found = lookup.find(event_id, within_ms, time.time_ns() // 1_000_000)
    missing = ", ".join(_option(name) for name in COPIED if name not in given)
    if found is None:
        raise Usage(
            f"{settings.topics.transactions} has no transaction {event_id} of the last {within}",
            fix=f"look further back with --within, or tell what a label needs of it: {missing}",
        )
    for name, value in given.items():
        if found[name] != value:
            raise Usage(
                f"{_option(name)} says {value}, the transaction {event_id} says {found[name]}",
                fix="correct it, or leave it out: what is not told is taken from the transaction",
            )
    return {name: found[name] for name in COPIED}


def _option(name: str) -> str:
    return "--" + name.removesuffix("_id").removesuffix("_minor").replace("_", "-")
