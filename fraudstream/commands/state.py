"""`fraudstream state`: which snapshots of the cards' state there are, and which need not be kept."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from fraudstream.commands.ledger import Json, as_json
from fraudstream.commands.options import Config, Set, settings_from
from fraudstream.commands.periods import moment, now_ms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consumer.snapshots.store import Store
    from consumer.snapshots.survey import Found
    from schemas.settings import Settings

app = typer.Typer(
    help="See and prune the snapshots that a restarted scorer goes on from.",
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
