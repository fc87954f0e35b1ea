"""`fraudstream state`: which snapshots of the cards' state there are, and which need not be kept; how a group that is
new comes by its own, out of files or out of the log beside a group that runs.
"""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from fraudstream.commands.forms import filled
from fraudstream.commands.history import Table, transactions_of
from fraudstream.commands.ledger import Json, Who, Why, as_json, by
from fraudstream.commands.options import Bootstrap, Config, Set, moment_ms, settings_from
from fraudstream.commands.periods import moment, now_ms
from fraudstream.commands.progress import stages, to_stderr
from schemas.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consumer.rebuilding import Rebuilt
    from consumer.snapshots.store import Store
    from consumer.snapshots.survey import Found
    from fraudstream.seeding import Seeded
    from schemas.settings import Settings

Into = Annotated[
    str, typer.Option("--into", metavar="GROUP", help="The group that is to take over; it must be a new one.")
]

app = typer.Typer(
    help="See, prune, seed and rebuild the snapshots that a restarted scorer goes on from.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
MEGA = 1e6
FITS = "fits"


@app.command(short_help="Show the snapshots of each partition.")
def show(
    *,
    partition: Annotated[int | None, typer.Option("--partition", min=0, help="Of this partition alone.")] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Read every byte, not the headers alone.")] = False,
    json: Json = False,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Show the snapshots of each partition, the newest first: where they end, how old and large they are.

    Whether one could be used is told as far as it can be without a broker: it is whole, and these settings and this
    release would have made it. Only the scorer knows whether it is of this cluster and not ahead of its group.
    """
    settings = settings_from(config=config, sets=sets)
    with _answering(settings) as store:
        rows = [_row(found) for found in _survey(store, settings, partition, verify)]
    if json:
        typer.echo(as_json(rows))
        return
    if not rows:
        typer.echo(f"no snapshots in {store}")
    for row in rows:
        typer.echo(_line(row))


@app.command(short_help="Remove the snapshots that need not be kept.")
def prune(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell which.")] = False,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Remove all but the newest snapshots of each partition and one of each day, as the scorer does by itself.

    None is removed while none of those that stay is whole.
    """
    from consumer.snapshots import retention

    settings = settings_from(config=config, sets=sets)
    keep = retention.Keep(settings.state.keep_last, settings.state.keep_days)
    with _answering(settings) as store:
        partitions = sorted({stored.name.partition for stored in store.snapshots()})
        gone = [name for each in partitions for name in retention.prune(store, each, keep, dry=dry_run)]
    for name in gone:
        typer.echo(str(name))
    typer.echo(f"{len(gone)} snapshots {'would be removed' if dry_run else 'removed'} from {store}")


@app.command(short_help="Give a new group the history of files.")
@filled(Table)
def seed(
    told: Table,
    *,
    topic: Annotated[
        str | None, typer.Option("--from-topic", metavar="NAME", help="Read another topic of transactions instead.")
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--start", metavar="TIME|earliest|end", help="Where the group begins to score [score.start]."),
    ] = None,
    why: Annotated[str | None, typer.Option("--why", help="The reason, in a sentence [from where].")] = None,
    who: Who = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and fold, and write nothing.")] = False,
) -> None:
    """Let a group know on its first day what cards did before: transactions of files become its snapshots, or those of
    another topic, such as the one before with fewer partitions.

    Each is put where its card belongs, and the group's start is committed; workers then restore that state and fold the
    log on top. What is in the files and in the log, with the same id and time, counts once. Start the workers soon:
    seeds are of no use any more once the log has lost its first records. Verdicts are not looked at here: they go
    through `fraudstream labels import`.
    """
    from fraudstream.seeding import Seeding

    settings = told.settings()
    goal = _start(start if start is not None else settings.score.start)
    if topic == settings.topics.transactions:
        raise Usage(f"{topic} is the input itself", fix="nothing need be done: workers fold what their input still has")
    with transactions_of(told, topic, settings, to_stderr) as history:
        said = by(who, why or f"seeded from {topic or ', '.join(told.files or [])}"[:1_000])
        said.facts()
        seeding = Seeding(settings)
        with stages(lambda: history.share) as say:
            seeding.fold(history, say)
            if not dry_run:
                seeding.write(say)
        to_stderr(str(history.account))
    places = [] if dry_run else seeding.begin(goal, said, to_stderr)
    for line in (*places, *_seeded(seeding.seeded, len(seeding.spans), str(seeding.store), dry_run)):
        typer.echo(line)


@app.command(short_help="Make the state of a group that is to take over.")
def rebuild(*, into: Into, bootstrap: Bootstrap = None, config: Config = None, sets: Set = None) -> None:
    """Fold the log with this release and these settings up to where the running group stands, as snapshots of another.

    For a release with other features or settings of the cards' state: they fit no snapshot that is there. The running
    group (score.group) is read about and never in the way. Run it again to catch up: it goes on from what it wrote.
    Then stop the old workers, and `fraudstream state switch`.
    """
    from fraudstream.logs import configure
    from fraudstream.rebuilding import rebuild as rebuilt

    settings = settings_from(bootstrap, None, config, sets)
    configure(settings)
    records = 0
    with stages(lambda: None) as say:
        for each in rebuilt(settings, into, say, to_stderr):
            typer.echo(_rebuilt(each))
            records += each.records
    typer.echo(f"the group {into} has state up to where {settings.score.group} stands, {records:,} records folded")
    typer.echo(f'next: stop the workers, then fraudstream state switch --into {into} --why "…"')


@app.command(short_help="Let another group take over where this one stands.")
def switch(
    *,
    into: Into,
    why: Why,
    who: Who = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what it would do.")] = False,
    bootstrap: Bootstrap = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Give the offsets of the group (score.group) to another, with what is counted of dead letters and was ordered.

    Only while nobody is in either. The old group's workers must not be started again: they would score the same
    records. The new group's are started with score.group set to it.
    """
    from fraudstream import switching

    settings = settings_from(bootstrap, None, config, sets)
    said = by(who, why)
    said.facts()
    plan = switching.plan(settings, into, to_stderr)
    for each in plan.moves:
        typer.echo(str(each))
    carried = f", {len(plan.carried)} orders with them" if plan.carried else ""
    if dry_run:
        typer.echo(f"nothing was switched: this was a dry run{carried}")
        return
    plan.execute(said)
    typer.echo(f"the group {into} takes over from {settings.score.group}: {len(plan.moves)} partitions{carried}")
    typer.echo(f"next: start the workers with score.group={into}, and never those of {settings.score.group} again")


def _start(text: str) -> str | int:
    from fraudstream.moving import EARLIEST, END

    return text if text in {EARLIEST, END} else moment_ms(text, "--start")


def _seeded(seeded: "Seeded", partitions: int, where: str, dry_run: bool) -> "Iterator[str]":
    copies = f", {seeded.copies:,} of them twice" if seeded.copies else ""
    yield f"{seeded.cards:,} cards of {seeded.events:,} transactions{copies} in {partitions} partitions: {where}"
    yield f"covered from {moment(seeded.first_ms)} to {moment(seeded.until_ms)}"
    if seeded.cold_since_ms > seeded.first_ms:
        yield f"the log begins {moment(seeded.cold_since_ms)}: what happened between is known to nobody, so that "
        yield "decisions say cold_state for 30 days from then on"
    if dry_run:
        yield "nothing was written: this was a dry run"
        return
    yield "next: fraudstream labels import for the verdicts of the same time, then start the workers"


def _rebuilt(each: "Rebuilt") -> str:
    cold = "" if each.cold_since_ms is None else f", cold since {moment(each.cold_since_ms)}"
    said = f"{each.records:,} records from {each.begin:,}, {each.cards:,} cards"
    return f"partition {each.partition}: up to {each.end:,}, {said}{cold}"


@contextmanager
def _answering(settings: "Settings") -> "Iterator[Store]":
    from consumer.snapshots.store import Store
    from schemas.errors import DependencyAway

    store = Store(settings.state.url.get_secret_value(), settings.score.group, settings.topics.transactions)
    try:
        yield store
    except OSError as error:
        raise DependencyAway(
            f"the snapshots in {store} cannot be reached: {error}", fix="see that state.url names the right place"
        ) from error


def _survey(store: "Store", settings: "Settings", partition: int | None, whole: bool) -> "Iterator[Found]":
    from consumer.snapshots.digest import fold_digest
    from consumer.snapshots.survey import survey

    return survey(store, fold_digest(settings), partition, whole=whole)


def _row(found: "Found") -> dict[str, object]:
    name, header, wrong = found.stored.name, found.header, found.wrong
    return {
        "partition": name.partition,
        "offset": name.offset,
        "log_time": moment(name.log_ms),
        "made_at": moment(header.made_at_ms) if header else None,
        "age_seconds": (now_ms() - header.made_at_ms) // 1000 if header else None,
        "bytes": found.stored.size,
        "cards": header.cards if header else None,
        "entries": header.entries if header else None,
        "cold_since": moment(header.cold_since_ms) if header and header.cold_since_ms is not None else None,
        "state": wrong.reason.value if wrong else FITS,
        "detail": wrong.detail if wrong else "",
        "name": str(name),
    }


def _line(row: dict[str, object]) -> str:
    said = f"partition {row['partition']:<5} offset {row['offset']:<14,} log {row['log_time']}"
    if row["made_at"] is not None:
        age, size = _age(int(str(row["age_seconds"]))), int(str(row["bytes"])) / MEGA
        said += f"  made {row['made_at']} ({age} ago)  {size:,.1f} MB  {row['cards']:,} cards"
    cold = f"  cold since {row['cold_since']}" if row["cold_since"] else ""
    return f"{said}{cold}  {row['state']}{': ' if row['detail'] else ''}{row['detail']}"


def _age(seconds: int) -> str:
    for unit, name in ((DAY_S, "d"), (HOUR_S, "h"), (MINUTE_S, "m")):
        if seconds >= unit:
            return f"{seconds // unit}{name}"
    return f"{seconds}s"
