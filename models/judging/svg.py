"""Drawings as text: frames with axes, lines and marks in SVG 1.1; the same numbers give the same bytes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final, Literal

import numpy as np

from models.judging.ranking import Scores

COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's, told apart by nearly every eye; dashes tell them apart in print."""
DASHES: Final = ("", "7 3", "2 3", "9 3 2 3", "4 2", "1 2")
INK: Final = "#222222"
FAINT: Final = "#e3e3e3"
GREY: Final = "#666666"
FONT: Final = "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif"
Anchor = Literal["start", "middle", "end"]
Place = Callable[[Scores], Scores]
Point = tuple[float, float]


def number(value: float) -> str:
    """Hundredths of a pixel are enough, and the same everywhere."""
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Axis:
    """`place` maps values to what is drawn evenly; values beyond the ends are drawn at them."""

    label: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]
    place: Place = np.asarray

    def share(self, values: Iterable[float]) -> Scores:
        """0 at the low end, 1 at the high one."""
        given = np.clip(np.array([*values], np.float64), self.low, self.high)
        low, high = self.place(np.array([self.low])), self.place(np.array([self.high]))
        shares: Scores = (self.place(given) - low) / (high - low)
        return shares


@dataclass(frozen=True, slots=True)
class Frame:
    """A plot's rectangle, in pixels from the upper left corner."""

    left: float
    top: float
    width: float
    height: float
    across: Axis
    up: Axis

    def x(self, values: Iterable[float]) -> Scores:
        return self.left + self.across.share(values) * self.width

    def y(self, values: Iterable[float]) -> Scores:
        return self.top + (1.0 - self.up.share(values)) * self.height

    def axes(self) -> list[str]:
        bottom, right = self.top + self.height, self.left + self.width
        drawn = []
        for x, (_, label) in zip(self.x(each for each, _ in self.across.ticks), self.across.ticks, strict=True):
            drawn += [segment((x, self.top), (x, bottom), FAINT), text(x, bottom + 18, label, anchor="middle")]
        for y, (_, label) in zip(self.y(each for each, _ in self.up.ticks), self.up.ticks, strict=True):
            drawn += [segment((self.left, y), (right, y), FAINT), text(self.left - 8, y + 4, label, anchor="end")]
        middle = self.top + self.height / 2
        return [
            *drawn,
            segment((self.left, bottom), (right, bottom), INK),
            segment((self.left, self.top), (self.left, bottom), INK),
            text(self.left + self.width / 2, bottom + 40, self.across.label, anchor="middle"),
            text(self.left - 58, middle, self.up.label, anchor="middle", turned=True),
        ]

    def line(self, x: Scores, y: Scores, style: int, *, stepped: bool = False) -> str:
        """Interrupted where there is no number."""
        path: list[str] = []
        before: tuple[str, str] | None = None
        for across, up in zip(self.x(x), self.y(y), strict=True):
            if not np.isfinite(across) or not np.isfinite(up):
                before = None
                continue
            here = number(across), number(up)
            path.append(_step(before, here, stepped=stepped))
            before = here
        dash = f' stroke-dasharray="{DASHES[style % len(DASHES)]}"' if DASHES[style % len(DASHES)] else ""
        return f'<path d="{"".join(path)}" fill="none" stroke="{colour(style)}" stroke-width="2"{dash}/>'

    def marks(self, x: Iterable[float], y: Iterable[float], style: int, *, square: bool = False) -> list[str]:
        placed = zip(self.x(x), self.y(y), strict=True)
        return [mark((a, b), colour(style), square=square) for a, b in placed if np.isfinite(a) and np.isfinite(b)]


def _step(before: tuple[str, str] | None, here: tuple[str, str], *, stepped: bool) -> str:
    """A step is as high as its end: precision counts for the recall gained there."""
    if before is None:
        return f"M{here[0]} {here[1]}"
    return f"V{here[1]}H{here[0]}" if stepped else f"L{here[0]} {here[1]}"


def colour(style: int) -> str:
    return COLOURS[style % len(COLOURS)]


def mark(at: Point, fill: str, *, square: bool = False) -> str:
    (x, y), look = at, f'fill="{fill}" stroke="white" stroke-width="1.5"'
    if square:
        return f'<rect x="{number(x - 5)}" y="{number(y - 5)}" width="10" height="10" {look}/>'
    return f'<circle cx="{number(x)}" cy="{number(y)}" r="5.5" {look}/>'


def segment(start: Point, end: Point, stroke: str, dash: str = "", width: float = 1.0) -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    ends = f'x1="{number(start[0])}" y1="{number(start[1])}" x2="{number(end[0])}" y2="{number(end[1])}"'
    return f'<line {ends} stroke="{stroke}" stroke-width="{number(width)}"{dashed}/>'


def text(
    x: float,
    y: float,
    said: str,
    *,
    size: int = 12,
    anchor: Anchor = "start",
    fill: str = INK,
    bold: bool = False,
    turned: bool = False,
) -> str:
    """Whatever stands in a name is shown and never markup."""
    weight = ' font-weight="600"' if bold else ""
    turn = f' transform="rotate(-90 {number(x)} {number(y)})"' if turned else ""
    place = f'x="{number(x)}" y="{number(y)}" font-size="{size}" text-anchor="{anchor}"'
    return f'<text {place} fill="{fill}"{weight}{turn}>{escape(said)}</text>'


def box(x: float, y: float, width: float, height: float, fill: str) -> str:
    size = f'width="{number(width)}" height="{number(height)}"'
    return f'<rect x="{number(x)}" y="{number(y)}" {size} fill="{fill}"/>'


def document(width: int, height: int, title: str, under: str, drawn: Iterable[str]) -> bytes:
    """On white, whatever the viewer's colours are."""
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="{FONT}" role="img" aria-label="{escape(title)}">'
    )
    head = [text(24, 30, title, size=17, bold=True), text(24, 50, under, fill=GREY)]
    return "\n".join([opening, box(0, 0, width, height, "#ffffff"), *head, *drawn, "</svg>\n"]).encode()
