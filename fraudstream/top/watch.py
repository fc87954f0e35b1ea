"""Asks the workers again and again, and shows what happened in between, until it is told to end."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from rich.console import Console
from rich.live import Live

from fraudstream.top.figures import Figures, figures
from fraudstream.top.nodes import Node, ask
from fraudstream.top.screen import picture
from fraudstream.top.words import as_json, lines

STEP_S: Final = 0.05
"""How soon a request to end is heard."""


def rounds(nodes: Sequence[Node], interval_s: float, over: Callable[[], bool]) -> Iterator[Figures]:
    """The first after one interval: what happens per second takes two looks."""
    before, asked_at = ask(nodes), time.monotonic()
    while _waited(asked_at + interval_s, over):
        now = time.monotonic()
        after = ask(nodes)
        yield figures(before, after, now - asked_at)
        before, asked_at = after, now


def show(found: Iterable[Figures], console: Console, *, json: bool) -> Figures | None:
    """Gives what was shown last."""
    last = None
    if json or not console.is_terminal:
        for last in found:
            console.file.write("\n".join([as_json(last)] if json else [*lines(last), ""]) + "\n")
            console.file.flush()
        return last
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        for last in found:
            live.update(picture(last, console), refresh=True)
    return last


def _waited(until: float, over: Callable[[], bool]) -> bool:
    """False: it was to end before."""
    while not over():
        left = until - time.monotonic()
        if left <= 0:
            return True
        time.sleep(min(left, STEP_S))
    return False
