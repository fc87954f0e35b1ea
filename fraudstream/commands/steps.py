"""What a nightly run is doing, how fast, and how long it takes still."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Final

from fraudstream.commands.progress import progress, to_stderr

LEAST_S: Final = 0.5
"""Before that nothing is known of how fast it goes."""


@dataclass(slots=True)
class Steps:
    """`rows` of the step named last; `most` is how many it will be, 0 where that is not known."""

    most: int = 0
    name: str = ""
    rows: int = 0
    began: float = 0.0

    def say(self, name: str, rows: int) -> bool:
        """Whether something else begins."""
        begins = name != self.name
        if begins:
            self.most = self.rows if self.name else self.most
            self.name, self.began = name, monotonic()
        self.rows = rows
        return begins

    def share(self) -> float | None:
        return min(self.rows / self.most, 1.0) if self.most else None

    def __str__(self) -> str:
        seconds = monotonic() - self.began
        if not self.rows or seconds < LEAST_S:
            return self.name or "reading"
        speed = self.rows / seconds
        left = f", {(self.most - self.rows) / speed:.0f} s left" if self.most > self.rows else ""
        return f"{self.name} {self.rows:,}, {speed:,.0f} rows/s{left}"


@contextmanager
def steps(expected: int) -> Iterator[Callable[[str, int], None]]:
    """Gives what says how many rows of which step are done; `expected` is 0 where nobody knows how many there are."""
    now = Steps(expected)
    with progress(lambda: str(now), now.share) as told:

        def say(name: str, rows: int) -> None:
            if now.say(name, rows) and told is to_stderr:
                to_stderr(f"{name} ...")

        yield say
