"""`fraudstream labels mature`: genuine verdicts on what nobody disputed for long enough."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import typer

from fraudstream.commands.forms import filled
from fraudstream.commands.history import Many, Table, rejected_to, zone_of
from fraudstream.commands.ledger import Json, as_json
from fraudstream.commands.options import moment_ms, span_ms
from fraudstream.commands.progress import stages, to_stderr
from fraudstream.commands.sending import FramingOption, encoder_for
from schemas.errors import Usage
from schemas.framing import Framing

if TYPE_CHECKING:
    from batch.history.rejects import Rejects
    from batch.maturing.maturing import Found, Maturing
    from batch.maturing.past import Bought, Topic
    from models.hashing import Hashes
    from producer.matured import MaturedLabels
    from schemas.settings import Settings

After = Annotated[
    str, typer.Option("--after", metavar="SPAN", help="How long after a transaction nobody disputes it any more.")
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="TIME",
        help="What had matured then [now]. The labels say that they were known then: for a history that is loaded "
        "before anything is scored.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Count, send nothing.")]
FACTS: Final = ("read", "young", "judged", "due")


@dataclass(frozen=True, slots=True, kw_only=True)
class Past(Table):
    """Files instead of the topic of transactions; what the topic of labels has counts in any case."""

    labels: Annotated[Many, typer.Option("--labels", metavar="FILE", help="Verdicts besides those on the topic.")] = (
        None
    )
    label_columns: Annotated[
        Many, typer.Option("--label-map", metavar="FIELD=COLUMN", help="As --map, for the table of --labels.")
    ] = None
    fraud_value: Annotated[
        str | None, typer.Option("--fraud-value", metavar="VALUE", help="What means fraud [1, true, yes].")
    ] = None


@filled(Past)
def mature(
    told: Past,
    *,
    after: After = "30d",
    as_of: AsOf = None,
    dry_run: DryRun = False,
    json: Json = False,
    framing: FramingOption = Framing.SINGLE_OBJECT,
) -> None:
    """Publish that transactions were genuine which nobody disputed: those of which no verdict was ever said.

    Reads the topics of transactions and labels, or TRANSACTIONS from files. Killed and run again it goes on where it
    was; run twice it sends nothing twice. A verdict that comes later holds against it, as a correction does.
    """
    settings, after_ms = told.settings(), span_ms(after, "--after")
    now_ms = _now_ms()
    at_ms = now_ms if as_of is None else moment_ms(as_of, "--as-of")
    if at_ms > now_ms:
        raise Usage(f"--as-of {as_of} is still to come", fix="give a time that is over, or leave it out")
    from batch.maturing.maturing import Maturing

    sent, clock = 0, (lambda: _now_ms() - 1) if as_of is None else (lambda: at_ms)
    with ExitStack() as stack:
        sender = None if dry_run else stack.enter_context(_sender(settings, framing))  # before anything is read
        bought, verdicts, rejects = stack.enter_context(_logs(told, settings))
        say = stack.enter_context(stages(lambda: bought.share))
        maturing = Maturing(bought, verdicts, at_ms - after_ms, say)
        for due in maturing.due():
            sent = _send(maturing, due, sender, clock, say) if sender else 0
    bad = sum(each.total for each in rejects)
    account = Account(maturing.found, bad, sent, after, at_ms - after_ms, settings.topics.labels, dry=dry_run)
    if json:
        typer.echo(as_json(account.facts()))
        return
    for line in account.lines():
        typer.echo(line)
    if hint := account.hint():
        to_stderr(hint)


def _send(
    maturing: "Maturing",
    due: "Hashes",
    sender: "MaturedLabels",
    clock: Callable[[], int],
    say: Callable[[str, int], None],
) -> int:
    for some in maturing.labels(due, clock):
        sender.send(some.rows, some.known_ms)
        say("publishing", sender.sent)
    return sender.sent


@contextmanager
def _sender(settings: "Settings", framing: Framing) -> "Iterator[MaturedLabels]":
    from producer.matured import MaturedLabels

    with MaturedLabels(settings, encoder_for(settings, framing, settings.topics.labels, "label")) as sender:
        yield sender


@contextmanager
def _logs(told: Past, settings: "Settings") -> "Iterator[tuple[Bought, Topic, list[Rejects]]]":
    """Where the files are bad it is known before the topics are asked."""
    from batch.history.rejects import Rejects
    from batch.maturing.past import Topic, label_topic

    with ExitStack() as stack:
        rejects = Rejects(told.max_rejects, rejected_to(stack, told.rejects))
        files = _files(told, settings, rejects)
        beside = rejects.beside()
        verdicts = stack.enter_context(closing(label_topic(settings, beside)))
        if files is None:
            topic = stack.enter_context(closing(Topic(settings, settings.topics.transactions, rejects=rejects)))
        yield files or topic, verdicts, [rejects, beside]


def _files(told: Past, settings: "Settings", rejects: "Rejects") -> "Bought | None":
    if not told.files:
        if told.labels or told.columns or told.label_columns:
            raise Usage("--labels, --map and --label-map are about files", fix="name files of transactions")
        return None
    from batch.history.assignment import LABELS, TRANSACTIONS, assignment
    from batch.history.files import found
    from batch.history.sheet import NO_CURRENCY, Reading
    from batch.history.times import Clock
    from batch.maturing.past import Files
    from schemas.lot import Checks

    return Files(
        found(told.files, told.style),
        assignment(TRANSACTIONS, told.columns or (), told.fills or ()),
        found(told.labels or []),
        assignment(LABELS, told.label_columns or ()),
        Reading(
            Clock(zone_of(told.timezone), told.time_unit), settings.money.reference or NO_CURRENCY, told.fraud_value
        ),
        Checks(reject_pans=settings.checks.reject_pans),
        rejects,
    )


@dataclass(frozen=True, slots=True)
class Account:
    """What was read is too young, judged, there twice, or due: never anything else."""

    found: "Found"
    rejected: int
    sent: int
    after: str
    cutoff_ms: int
    topic: str
    dry: bool

    def facts(self) -> dict[str, object]:
        counts = {name: getattr(self.found, name) for name in FACTS}
        return counts | {
            "rejected": self.rejected,
            "published": self.sent,
            "dry_run": self.dry,
            "before": _text(self.cutoff_ms),
        }

    def lines(self) -> list[str]:
        found, bad = self.found, f"; {self.rejected:,} records cannot be used" if self.rejected else ""
        parts = [
            f"{found.young:,} younger than {self.after}",
            f"{found.judged:,} with a verdict or there twice",
            f"{found.due:,} matured",
        ]
        return [f"read {found.read:,} transactions: {', '.join(parts)}{bad}", self._done()]

    def hint(self) -> str | None:
        """Where nothing of what was read can be old enough."""
        if not self.found.read or self.found.young < self.found.read:
            return None
        oldest = _text(self.found.oldest_ms or 0)
        return f"the oldest is of {oldest}: keep transactions for longer than {self.after}, or name files that do"

    def _done(self) -> str:
        if self.dry:
            return f"this was a dry run: {self.found.due:,} genuine verdicts would be published to {self.topic}"
        judged = self.found.due - self.sent
        meanwhile = f"; {judged:,} were judged meanwhile" if judged else ""
        return f"published {self.sent:,} genuine verdicts to {self.topic}{meanwhile}"


def _text(at_ms: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
