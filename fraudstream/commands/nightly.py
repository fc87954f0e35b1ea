"""`fraudstream nightly`: score every customer, publish the scores as one generation, look after what is published."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from batch.history.formats import Format
from fraudstream.commands.generations import QUICK_S, archive_of, keys_of, now, redis_of
from fraudstream.commands.ledger import Json, Who, as_json
from fraudstream.commands.options import Config, RedisUrl, Set, settings_from
from fraudstream.commands.steps import steps
from fraudstream.nightly_engine import Engine, engine
from schemas.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from batch.nightly.archive import Archive
    from batch.nightly.publication import By
    from batch.nightly.source import Source
    from batch.spark.reader import Reader
    from schemas.settings import Settings

Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CUSTOMERS", help="Parquet, CSV, JSON lines or Avro; a folder of one kind; s3://… [nightly.customers]."
    ),
]
Why = Annotated[str, typer.Option("--why", help="The reason, in a sentence; the log keeps it.")]
Generation = Annotated[str | None, typer.Argument(metavar="GENERATION", help="Which one.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what it would do.")]

LONG_REASON: Final = 1_000
CUSTOMER_ID: Final = "customer_id"

app = typer.Typer(
    help="Score every customer, publish the scores to Redis as one generation, and go back where need be.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command(short_help="Score every customer and publish the scores.")
def run(
    files: Files = None,
    *,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="models:/name/3, models:/name@champion, a folder [nightly.model]."),
    ] = None,
    scores: Annotated[
        bool, typer.Option("--scores", help="The files have a column `score` from 0 to 1: publish it, score nothing.")
    ] = False,
    key: Annotated[
        str | None, typer.Option("--id", metavar="COLUMN", help="The column of ids [the model's, or customer_id].")
    ] = None,
    style: Annotated[Format | None, typer.Option("--format", help="What the files are [by their suffix].")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DAY", help="Which day the customers are of [today, UTC].")
    ] = None,
    expect: Annotated[
        int | None,
        typer.Option("--expect", min=1, metavar="ROWS", help="How many customers there should be [as live]."),
    ] = None,
    override: Annotated[
        list[str] | None, typer.Option("--override", metavar="GATE", help="A gate that may refuse; may be repeated.")
    ] = None,
    why: Why = "",
    who: Who = None,
    rejects: Annotated[
        Path | None,
        typer.Option("--rejects", metavar="FILE", help="Gets each row that is left out: JSON lines, or .csv [by day]."),
    ] = None,
    with_: Annotated[
        Engine, typer.Option("--engine", help="What scores: this machine alone, or Spark.")
    ] = Engine.LOCAL,
    master: Annotated[
        str | None,
        typer.Option("--spark-master", metavar="MASTER", help="local[4], spark://…, yarn, k8s://… [local[*]]."),
    ] = None,
    conf: Annotated[
        list[str] | None, typer.Option("--spark-conf", metavar="NAME=VALUE", help="For Spark; may be repeated.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Ask the gates, write nothing to Redis.")] = False,
    json: Json = False,
    redis: RedisUrl = None,
    root: Annotated[Path | None, typer.Option("--root", help="Folder of the registry [models.root].")] = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Score every customer and publish the scores to Redis as one generation: all of it is live, or nothing.

    Once a night, by cron or a Kubernetes CronJob. Killed at any step it may be run again. The same day, customers and
    model once more change nothing. Exit code 75 while another run holds the lock, 78 where a gate refuses.
    """
    from contextlib import ExitStack

    from fraudstream.pacing import pace
    from fraudstream.yielding import yield_to_others

    given = [*(sets or []), *([f"models.root={root}"] if root else [])]
    settings = settings_from(redis=redis, config=config, sets=given)
    if with_ is Engine.LOCAL:
        pace(settings.nightly.share)  # what is imported from here on takes no more than its share, either

    from batch.nightly.run import Asked, Run
    from fraudstream.generations import facts, lines

    if settings.nightly.yields:
        yield_to_others()
    day = _day(as_of)
    if override and not why:
        raise Usage("--override without a reason", fix='add --why "…": the log keeps it')
    source, name, digest, reader = _source(files, settings, model, key, style, scores=scores)
    asked = Asked(
        source=source,
        model=name,
        model_digest=digest,
        as_of=day,
        rejects=rejects or settings.nightly.work.expanduser() / "rejects" / f"{day:%Y%m%d}.jsonl",
        by=_by(who, why),
        expected=expect,
        overrides=tuple(override or ()),
        dry=dry_run,
    )
    with redis_of(settings) as client, ExitStack() as stack, steps(expect or 0) as say:
        prepare = engine(with_, settings=settings, reader=reader, master=master, conf=conf or [], stack=stack)
        outcome = Run(client, keys_of(settings), settings.nightly, archive_of(settings), prepare=prepare, say=say)(
            asked
        )
    if json:
        typer.echo(as_json(facts(outcome)))
    else:
        for line in lines(outcome):
            typer.echo(line)


@app.command(short_help="Tell what is live, how old it is, who is at work.")
def status(*, json: Json = False, redis: RedisUrl = None, config: Config = None, sets: Set = None) -> None:
    """Tell which generation is live, how old it is, its fence number, what it replaced, and who holds the lock."""
    from batch.generation import answering
    from fraudstream.nightly_status import NightlyStatus

    settings = settings_from(redis=redis, config=config, sets=sets)
    with redis_of(settings, QUICK_S) as client, answering():
        found = NightlyStatus.read(client, keys_of(settings), archive_of(settings), now())
    for line in [as_json(found.facts())] if json else found.lines():
        typer.echo(line)


@app.command(short_help="Tell who published or rolled back what, and when.")
def log(
    *,
    last: Annotated[int, typer.Option("--last", min=1, max=1_000, help="How many entries.")] = 20,
    json: Json = False,
    redis: RedisUrl = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Tell what happened, the newest first: what began, went live, was rolled back, by whom and why."""
    from batch.generation import answering
    from batch.nightly import standing
    from fraudstream.generations import event

    settings = settings_from(redis=redis, config=config, sets=sets)
    with redis_of(settings, QUICK_S) as client, answering():
        events = standing.events(client, keys_of(settings), last)
    if json:
        typer.echo(as_json(events))
        return
    for line in map(event, events) if events else ["nothing was published yet"]:
        typer.echo(line)


@app.command(short_help="Let an earlier generation be live again.")
def rollback(
    generation: Generation = None,
    *,
    why: Why,
    who: Who = None,
    json: Json = False,
    redis: RedisUrl = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Let the generation before be live again, or another one that is still in Redis, under a new fence number.

    Its content is checked first. The one that was live stays, so the way back is the same command.
    """
    from batch.generation import answering
    from batch.nightly.going_back import roll_back
    from fraudstream.generations import known, span

    settings = settings_from(redis=redis, config=config, sets=sets)
    with redis_of(settings) as client, answering():
        back = roll_back(client, keys_of(settings), generation, _by(who, why), now().isoformat(timespec="seconds"))
    if json:
        typer.echo(as_json(known(back.to.meta) | {"fence": back.fence, "left": back.left}))
        return
    age = span(now() - back.to.meta.as_of)
    typer.echo(f"{back.to.meta.generation} is live instead of {back.left}, fence {back.fence}, its scores {age} old")


@app.command(short_help="Compare every score in Redis with what was published.")
def verify(
    generation: Generation = None,
    *,
    json: Json = False,
    redis: RedisUrl = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Read every bucket and the packed form in Redis, and the archive's file, and compare them with the digest.

    Of the live generation, or of another one that is still there. Exit code 78 where anything differs.
    """
    from batch.generation import answering
    from batch.nightly import standing
    from fraudstream.generations import known

    settings = settings_from(redis=redis, config=config, sets=sets)
    keys, archive = keys_of(settings), archive_of(settings)
    with redis_of(settings) as client, answering():
        found = standing.standing(client, keys, generation) if generation else standing.live(client, keys)
        if found is None:
            said = f"generation {generation!r} is not in Redis" if generation else "nothing is live"
            raise Usage(said, fix="`fraudstream nightly status` tells what there is")
        standing.verify(client, keys, found.meta)
    kept = _archived(archive, found.meta.generation, found.meta.digest)
    facts = known(found.meta) | {"redis": "whole", "archive": kept}
    typer.echo(
        as_json(facts)
        if json
        else f"{found.meta.generation}: {found.meta.rows:,} customers, buckets and packed form have the digest "
        f"{found.meta.digest[:12]}; archive: {kept}"
    )


@app.command(short_help="Remove what is older than it is kept.")
def prune(
    *, dry_run: DryRun = False, json: Json = False, redis: RedisUrl = None, config: Config = None, sets: Set = None
) -> None:
    """Remove files of the archive and of rejects older than archive.keep_days, and what runs that died have left.

    What is live and the one before it stay, also in the archive.
    """
    from batch.generation import answering
    from batch.nightly.pruning import prune as pruned

    settings = settings_from(redis=redis, config=config, sets=sets)
    work, days = settings.nightly.work.expanduser(), settings.archive.keep_days
    with redis_of(settings) as client, answering():
        gone = pruned(client, keys_of(settings), work, archive_of(settings), keep_days=days, now=now(), dry=dry_run)
    names = {
        "archive": [each.path for each in gone.archived],
        "redis": list(gone.abandoned),
        "folders": list(map(str, gone.folders)),
        "rejects": list(map(str, gone.rejects)),
    }
    if json:
        typer.echo(as_json(names | {"dry_run": dry_run}))
        return
    for place, each in ((place, each) for place, found in names.items() for each in found):
        typer.echo(f"{place}: {each}")
    total = sum(map(len, names.values()))
    typer.echo(f"{total} {'would be removed' if dry_run else 'removed'}")


def _source(
    files: list[str] | None,
    settings: "Settings",
    model: str | None,
    key: str | None,
    style: Format | None,
    *,
    scores: bool,
) -> "tuple[Source, str, str, Callable[[], Reader]]":
    """What is read, the name of what scores, its digest, and how it gets to other machines."""
    from functools import partial

    from batch.history.files import found
    from batch.nightly.source import Customers, Scores
    from batch.spark.reader import Reader, Shipped

    names = files or ([settings.nightly.customers] if settings.nightly.customers else [])
    if not names:
        raise Usage("no customers are named", fix="name a file, a folder or an address, or set nightly.customers")
    if scores and model is not None:
        raise Usage("--scores and --model: the scores are there already", fix="leave one of them away")
    if scores:
        column = key or CUSTOMER_ID
        return Scores(found(names, style), column), "scores of files", "", partial(Reader, column)
    from models.registry.registry import Registry

    registry = Registry(settings.models.root.expanduser(), settings.models.trusted)
    wanted = model or settings.nightly.model
    resolved = registry.resolve(wanted)
    churn = registry.load(wanted).churn
    if churn is None:
        raise Usage(f"{wanted} scores no customers", fix="name a churn model with --model, or set nightly.model")
    column = key or churn.key or CUSTOMER_ID

    def reader() -> Reader:
        return Reader(column, Shipped.of(resolved.folder, settings.models.trusted, churn.digest))

    return Customers(found(names, style), column, churn), str(resolved), churn.digest, reader


def _archived(archive: "Archive | None", generation: str, digest: str) -> str:
    from schemas.errors import Misconfigured

    if archive is None:
        return "none"
    volume = archive.read(generation)
    if volume is None:
        return "not kept"
    if volume.meta.digest != digest:
        said = f"{archive.where(generation)} is another generation than the one in Redis"
        raise Misconfigured(said, fix="restore it from a backup of the archive, or remove it")
    return "whole"


def _day(text: str | None) -> "datetime":
    """A day, or a time with its zone."""
    from datetime import UTC, datetime

    if text is None:
        return now().replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None and len(text) > len("2026-01-31"):
            raise Usage(f"--as-of {text} says no zone", fix="write it as 2026-01-31, or as 2026-01-31T06:00:00Z")
        return (found.replace(tzinfo=UTC) if found.tzinfo is None else found).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Usage(f"--as-of {text} is no day", fix="write it as 2026-01-31, or with a time and its zone") from None


def _by(who: str | None, why: str) -> "By":
    import getpass

    from batch.nightly.publication import By

    return By(who or getpass.getuser(), why[:LONG_REASON])
