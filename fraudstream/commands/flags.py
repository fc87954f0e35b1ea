"""`fraudstream flags`: what was flagged, as it happens or from the log, for people or as JSON."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from fraudstream.commands.options import Bootstrap, Config, Set, moment_ms, settings_from
from fraudstream.commands.progress import to_stderr
from schemas.errors import DeadLetter

if TYPE_CHECKING:
    from fraudstream.decision import Decision, Decisions
    from fraudstream.subscription import Subscription

From = Annotated[
    str, typer.Option("--from", metavar="end|earliest|TIME", help="Where to begin; TIME such as 2026-01-31T06:00:00Z.")
]
Most = Annotated[int | None, typer.Option("--max", min=1, help="Stop after so many flags.")]
Seconds = Annotated[float | None, typer.Option("--seconds", min=0.1, help="Stop after so long.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object per flag, with every field.")]
Card = Annotated[str | None, typer.Option("--card", metavar="ID", help="Of this card alone, a line for each reason.")]


def flags(
    *,
    start: From = "end",
    most: Most = None,
    seconds: Seconds = None,
    json: Json = False,
    card: Card = None,
    bootstrap: Bootstrap = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Print flags: time, card, amount, outcome, score and the reasons in words. Ctrl-C ends it."""
    from fraudstream.decision import Decisions, to_json, to_line, to_lines
    from fraudstream.subscription import Subscription
    from schemas.registry import Registry

    settings = settings_from(bootstrap, None, config, sets)
    begin = start if start in {"end", "earliest"} else moment_ms(start, "--from")
    with suppress(KeyboardInterrupt), Subscription(settings, settings.topics.flags, begin) as subscription:
        to_stderr(f"flags on {subscription.topic} from {start}; Ctrl-C ends this")
        found = decisions(subscription, Decisions(Registry.of(settings)), _ended(seconds))
        chosen = (each for each in found if card in {None, each["card_id"]})
        _print(chosen, to_json if json else to_lines if card else to_line, most)


def decisions(subscription: "Subscription", reader: "Decisions", ended: Callable[[], bool]) -> "Iterator[Decision]":
    """What is no decision is said on stderr with its place, and skipped."""
    for message in subscription.messages(ended, to_stderr):
        try:
            yield reader.read(message.value())
        except DeadLetter as error:
            to_stderr(f"skipped {subscription.topic}/{message.partition()}/{message.offset()}: {error}")


def _print(found: "Iterator[Decision]", shown: "Callable[[Decision], str]", most: int | None) -> None:
    """A reader that went away, such as `head`, is no error."""
    try:
        for count, decision in enumerate(found, 1):
            typer.echo(shown(decision))
            if count == most:
                return
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _ended(seconds: float | None) -> Callable[[], bool]:
    end = None if seconds is None else time.monotonic() + seconds
    return lambda: end is not None and time.monotonic() >= end
