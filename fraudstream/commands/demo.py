"""`fraudstream demo`: a real Kafka, simulated transactions, the real scorer, and its flags before your eyes."""

from pathlib import Path
from typing import Annotated

import typer

from fraudstream.commands.options import Bootstrap, RedisUrl


def demo(
    *,
    seconds: Annotated[float | None, typer.Option(min=1, help="End after so many seconds [Ctrl-C ends it].")] = None,
    rate: Annotated[float, typer.Option(min=1, help="Transactions per second.")] = 200,
    workers: Annotated[int, typer.Option(min=1, max=8, help="Worker processes.")] = 1,
    customers: Annotated[int, typer.Option(min=1, help="How many people use their cards.")] = 2_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same transactions.")] = 3,
    bootstrap: Bootstrap = None,
    redis: RedisUrl = None,
    jars: Annotated[Path | None, typer.Option(help="Folder with the broker's jars, for machines offline.")] = None,
) -> None:
    """Watch simulated transactions being scored on a real Kafka; on your own with --bootstrap and --redis."""
    from rich.console import Console

    from fraudstream.demo.play import Plan, play

    plan = Plan(seconds, rate, workers, customers, seed, bootstrap, redis, jars)
    if not play(plan, Console()):
        raise typer.Exit(1)
