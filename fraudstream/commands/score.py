"""`fraudstream score`: the supervisor and, started by it, the worker of one slot."""

import sys
from typing import Annotated

import typer

from fraudstream.commands.options import Bootstrap, Config, RedisUrl, Set, settings_from


def score(
    *,
    workers: Annotated[int | None, typer.Option(min=1, help="Worker processes [score.workers].")] = None,
    delivery: Annotated[
        str | None, typer.Option(help="exactly_once or at_least_once [score.delivery].", metavar="MODE")
    ] = None,
    max_messages: Annotated[int | None, typer.Option(min=1, help="Each worker ends after so many records.")] = None,
    max_seconds: Annotated[float | None, typer.Option(min=0.1, help="End after so many seconds.")] = None,
    shadow: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL", help="Score beside the live group, with this model and to topics of its own (…-shadow)."
        ),
    ] = None,
    bootstrap: Bootstrap = None,
    redis: RedisUrl = None,
    config: Config = None,
    sets: Set = None,
    slot: Annotated[int | None, typer.Option(hidden=True)] = None,
    lifeline: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Score transactions: read the input topic, write flags, exactly once, until stopped."""
    from fraudstream.logs import configure

    given = list(sets or [])
    given += [f"score.workers={workers}"] if workers else []
    given += [f"score.delivery={delivery}"] if delivery else []
    settings = settings_from(bootstrap, redis, config, given)
    if shadow is not None:
        from fraudstream.shadow import shadowed

        settings = shadowed(settings, shadow)
    configure(settings)
    if slot is not None:
        from consumer.bootstrap import run

        run(settings, slot, lifeline=lifeline, max_messages=max_messages)
        return
    from consumer.supervisor import Supervisor

    def command(number: int, descriptor: int) -> list[str]:
        own = ["--slot", str(number), "--lifeline", str(descriptor)]
        return [sys.executable, "-m", "fraudstream", *sys.argv[1:], *own]

    raise typer.Exit(Supervisor(command, settings.score.workers, max_seconds=max_seconds).run())
