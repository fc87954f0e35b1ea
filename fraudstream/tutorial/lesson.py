"""What a lesson says, and what came out of what it tried."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fraudstream.tutorial.doors import Doors


@dataclass(frozen=True, slots=True)
class Result:
    """`expected` is None for what is measured, which differs from machine to machine."""

    what: str
    found: Any
    expected: Any = None

    @property
    def right(self) -> bool:
        return self.expected is None or bool(self.found == self.expected)

    def __str__(self) -> str:
        said = f"{self.what}: {plain(self.found)}"
        return said if self.right else f"{said}   WRONG, expected {plain(self.expected)}"


@dataclass(frozen=True, slots=True)
class Lesson:
    """`text` comes before what is tried, `moral` after it."""

    name: str
    title: str
    text: str
    tried: Callable[[Doors], Sequence[Result]]
    moral: str = ""


def plain(value: Any) -> str:  # noqa: ANN401 - anything that came out
    """2.0 is 2, as people write it."""
    if isinstance(value, list):
        return f"[{', '.join(map(plain, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)
