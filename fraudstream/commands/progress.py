"""How far a command is: a line that moves on a terminal, nothing elsewhere."""

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

import typer

PER_SECOND = 8


def to_stderr(line: str) -> None:
    typer.echo(line, err=True)


@contextmanager
def progress(state: Callable[[], str], share: Callable[[], float | None]) -> Iterator[Callable[[str], None]]:
    """Gives what other lines are said with meanwhile. `share` is from 0 to 1, None where the end is not known."""
    if not sys.stderr.isatty():
        yield to_stderr
        return
    from rich.console import Console
    from rich.live import Live
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    def drawn() -> Table:
        line, done = Table.grid(padding=1), share()
        line.add_row(ProgressBar(1.0, done or 0.0, width=40, pulse=done is None), state())
        return line

    console = Console(stderr=True)
    with Live(console=console, get_renderable=drawn, refresh_per_second=PER_SECOND, transient=True):
        yield lambda text: console.print(text, markup=False, highlight=False)


@contextmanager
def stages(share: Callable[[], float | None]) -> Iterator[Callable[[str, int], None]]:
    """Gives what says which rows are being worked on and how many are done; elsewhere than on a terminal, a line each
    time that something else begins.
    """
    now: dict[str, int] = {}

    def state() -> str:
        return ", ".join(f"{what} {rows:,}" for what, rows in now.items()) or "reading"

    def say(what: str, rows: int) -> None:
        if what not in now:
            now.clear()
            if not sys.stderr.isatty():
                to_stderr(f"{what} ...")
        now[what] = rows

    with progress(state, share):
        yield say


def share_read(stream: IO[bytes]) -> Callable[[], float | None]:
    """How much of a file has been read, None for a pipe. Asks the system: the stream is in another thread's hands."""
    descriptor = stream.fileno()
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or not found.st_size:
        return lambda: None
    return lambda: os.lseek(descriptor, 0, os.SEEK_CUR) / found.st_size
