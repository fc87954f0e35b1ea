"""`fraudstream top`: what the workers do right now, as a table that keeps itself current."""

from itertools import islice
from typing import Annotated, Final

import typer

from fraudstream.commands.options import Config, Set, settings_from

START: Final = "`fraudstream score` starts them; name those of other machines with --node host:port"

Nodes = Annotated[
    list[str] | None,
    typer.Option("--node", metavar="HOST:PORT,…", help="Workers to ask instead of this machine's; may be repeated."),
]
Workers = Annotated[int | None, typer.Option(min=1, help="Worker processes on this machine [score.workers].")]
Interval = Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")]
Seconds = Annotated[float | None, typer.Option(min=0.1, help="End after so many seconds [Ctrl-C ends it].")]


def top(
    *,
    once: Annotated[bool, typer.Option("--once", help="Look for one interval, print it, end.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per look, with every figure.")] = False,
    interval: Interval = 2.0,
    seconds: Seconds = None,
    node: Nodes = None,
    workers: Workers = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Show workers, partitions, lag, latency and outcomes as they are; reads the workers' metrics and health alone.

    With --once, exit code 69 when no worker answers.
    """
    from rich.console import Console

    from fraudstream.demo.ending import asked_to_end
    from fraudstream.top.nodes import nodes
    from fraudstream.top.watch import rounds, show
    from schemas.errors import DependencyAway

    settings = settings_from(None, None, config, [*(sets or []), *([f"score.workers={workers}"] if workers else [])])
    asked = nodes(settings, node or ())
    looks = 1 if once else None if seconds is None else max(round(seconds / interval), 1)
    with asked_to_end() as told:
        found = rounds(asked, interval if seconds is None else min(interval, seconds), told)
        last = show(islice(found, looks), Console(), json=json)
    if once and last and not last.answering:
        raise DependencyAway(f"no worker answers at {', '.join(map(str, asked))}", fix=START)
