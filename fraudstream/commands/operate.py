"""`fraudstream operate`: what operators ask of a running group, on record with who and why."""

from typing import TYPE_CHECKING, Annotated

import typer

from fraudstream.commands.ledger import Json, Who, Why, as_json, by
from fraudstream.commands.options import Bootstrap, Config, Set, moment_ms, settings_from
from fraudstream.commands.progress import to_stderr

if TYPE_CHECKING:
    from schemas.orders import Order
    from schemas.standing import Standing

app = typer.Typer(
    help="Pause a partition, skip a record, drain a worker, move the group; see what was ordered.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Partition = Annotated[int, typer.Argument(min=0, metavar="PARTITION", help="Of the input.")]
Slot = Annotated[str, typer.Argument(metavar="WORKER", help="Its identity: score.app-score.node-slot.")]


@app.command(short_help="Score a partition no longer, for now.")
def pause(
    partition: Partition,
    *,
    why: Why,
    who: Who = None,
    bootstrap: Bootstrap = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Let a partition wait, across restarts and handovers, until `resume`. Its records are neither read nor lost."""
    from fraudstream import orders

    typer.echo(orders.pause(settings_from(bootstrap, None, config, sets), partition, by(who, why), to_stderr))


@app.command(short_help="Score a paused partition again.")
def resume(
    partition: Partition,
    *,
    why: Why,
    who: Who = None,
    bootstrap: Bootstrap = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Let a paused partition go on from where it stood."""
    from fraudstream import orders

    typer.echo(orders.resume(settings_from(bootstrap, None, config, sets), partition, by(who, why), to_stderr))


@app.command(short_help="Pass over one record of the input.")
def skip(
    partition: Partition,
    offset: Annotated[int, typer.Argument(min=0, metavar="OFFSET", help="Of the record.")],
    *,
    why: Why,
    who: Who = None,
    bootstrap: Bootstrap = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Send one record to the dead letters without looking into it, such as one that workers die of. For good.

    It must be ordered before a worker reaches the record: while its partition is paused, or while no worker runs.
    """
    from fraudstream import orders

    typer.echo(orders.skip(settings_from(bootstrap, None, config, sets), partition, offset, by(who, why), to_stderr))


@app.command(short_help="Let a worker leave its partitions to others.")
def drain(
    worker: Slot, *, why: Why, who: Who = None, bootstrap: Bootstrap = None, config: Config = None, sets: Set = None
) -> None:
    """Let a worker finish its lot and leave the group, also after restarts, until `undrain`."""
    from fraudstream import orders

    typer.echo(orders.drain(settings_from(bootstrap, None, config, sets), worker, by(who, why), to_stderr))


@app.command(short_help="Take a drained worker back.")
def undrain(
    worker: Slot, *, why: Why, who: Who = None, bootstrap: Bootstrap = None, config: Config = None, sets: Set = None
) -> None:
    """Let a drained worker join the group again."""
    from fraudstream import orders

    typer.echo(orders.undrain(settings_from(bootstrap, None, config, sets), worker, by(who, why), to_stderr))


@app.command(short_help="Show which orders hold, by whom and why.")
def show(*, json: Json = False, bootstrap: Bootstrap = None, config: Config = None, sets: Set = None) -> None:
    """Show the orders that hold for this group, the partitions that stopped by themselves, and its last moves."""
    from fraudstream.orders import stops
    from producer.orders import standing

    settings = settings_from(bootstrap, None, config, sets)
    held = standing(settings, to_stderr)
    stopped = stops(settings, lambda _: None)
    if json:
        typer.echo(as_json({"stopped": stopped} | {name: [_row(each) for each in some] for name, some in _kinds(held)}))
        return
    lines = [f"partition {each} stopped for its dead letters, stop {stop}" for each, stop in stopped.items()]
    lines += [_line(name, each) for name, some in _kinds(held) for each in some]
    for line in lines or [f"no orders hold for the group {settings.score.group}"]:
        typer.echo(line)


@app.command(short_help="Move the group to another place of the log.")
def move(
    *,
    to: Annotated[str, typer.Option("--to", metavar="TIME|earliest|end", help="Such as 2026-01-31T06:00:00Z.")],
    why: Why,
    who: Who = None,
    partition: Annotated[int | None, typer.Option("--partition", min=0, help="This one alone.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what it would do.")] = False,
    bootstrap: Bootstrap = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Move the group's offsets while no worker is in it. The cards' state goes along.

    What lies behind the new place is decided again: readers that keep the first of an event_id notice nothing. What is
    jumped over is remembered of its cards, and never decided.
    """
    from fraudstream import moving

    goal = to if to in {moving.EARLIEST, moving.END} else moment_ms(to, "--to")
    settings = settings_from(bootstrap, None, config, sets)
    said = by(who, why)
    moves = moving.plan(settings, goal, partition, to_stderr)
    if not dry_run:
        moving.require_empty(settings)
    for each in moves:
        typer.echo(str(each))
    if dry_run:
        typer.echo("nothing was moved: this was a dry run")
        return
    moving.execute(settings, moves, said)
    typer.echo(f"moved {len(moves)} partitions of the group {settings.score.group}")


def _kinds(held: "Standing") -> "list[tuple[str, list[Order]]]":
    return [
        ("paused", [held.paused[each] for each in sorted(held.paused)]),
        ("skipped", [held.skipped[each] for each in sorted(held.skipped)]),
        ("drained", [held.drained[each] for each in sorted(held.drained)]),
        ("moved", [held.moved[each] for each in sorted(held.moved)]),
    ]


def _line(name: str, order: "Order") -> str:
    place = order.slot if order.partition is None else f"partition {order.partition}"
    offset = "" if order.offset is None else f" offset {order.offset}"
    from_where = "" if order.before is None else f" from {order.before}"
    return _printable(f"{name:<8} {place}{offset}{from_where}, since {order.when} by {order.who}: {order.why}")


def _printable(text: str) -> str:
    from fraudstream.shown import text as shown

    return shown(text)


def _row(order: "Order") -> dict[str, object]:
    return order.model_dump(mode="json", exclude_none=True, exclude={"verb", "group"})
