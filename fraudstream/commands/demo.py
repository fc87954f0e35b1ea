"""`fraudstream demo`: a real Kafka, simulated transactions, the real scorer, and its flags before your eyes."""

from pathlib import Path
from typing import Annotated

import typer

from fraudstream.commands.options import Bootstrap, RedisUrl


def demo(
    *,
    seconds: Annotated[
        float | None, typer.Option(min=1, help="End after so many seconds of answers [Ctrl-C ends it].")
    ] = None,
    rate: Annotated[float, typer.Option(min=1, help="Transactions per second.")] = 200,
    workers: Annotated[int | None, typer.Option(min=1, max=8, help="Worker processes [1; 2 with --kill].")] = None,
    customers: Annotated[int, typer.Option(min=1, help="How many people use their cards.")] = 1_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same transactions.")] = 3,
    train: Annotated[
        bool, typer.Option("--train", help="Train a model first, before your eyes, instead of taking the shipped one.")
    ] = False,
    kill: Annotated[
        bool, typer.Option("--kill", help="Kill a worker every few seconds, and audit every decision at the end.")
    ] = False,
    page: Annotated[
        bool, typer.Option("--page/--no-page", help="The live page, on a free port of this machine.")
    ] = True,
    stay: Annotated[
        float, typer.Option(min=0, help="Seconds that page and servers stay up after the audit; Ctrl-C ends it.")
    ] = 0,
    bootstrap: Bootstrap = None,
    redis: RedisUrl = None,
    jars: Annotated[Path | None, typer.Option(help="Folder with the broker's jars, for machines offline.")] = None,
) -> None:
    """Watch simulated transactions being scored on a real Kafka; on your own with --bootstrap and --redis.

    Time goes by faster than the clock: people with 45 days of history live a day in some seconds. Exit code 1 when
    anything was lost, doubled, out of order, or with --kill decided otherwise than the logs say.
    """
    from rich.console import Console

    from fraudstream.demo.play import Plan, play
    from fraudstream.demo.stage import Wanted

    plan = Plan(seconds, rate, workers, customers, seed, train, kill, Wanted(bootstrap, redis, jars), page, stay)
    if not play(plan, Console()):
        raise typer.Exit(1)
