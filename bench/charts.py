"""Charts as SVG, written by hand: bars, and lines over a logarithmic axis. No package draws them."""  # noqa: INP001

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH, LEFT, RIGHT, TOP, FOOT = 930, 320, 90, 46, 46
ROW: Final = 24
HEIGHT: Final = 420
FONT: Final = 'font-family="system-ui, sans-serif"'
OURS, OTHERS, BARE = "#d9480f", "#4c6ef5", "#868e96"
COLOURS: Final = ("#d9480f", "#4c6ef5", "#868e96", "#2b8a3e", "#9c36b5", "#0b7285", "#e67700", "#a61e4d", "#5c940d")
INK, FAINT, PAPER = "#212529", "#dee2e6", "#ffffff"


@dataclass(frozen=True, slots=True)
class Bar:
    name: str
    value: float
    shown: str
    colour: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Axis:
    """Both ends, and whether steps are powers of ten."""

    title: str
    low: float
    high: float
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """From 0 to 1."""
        if self.logarithmic:
            value = max(value, self.low)
            return (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        if self.logarithmic:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            every = [10.0**each for each in range(first, last + 1)]
            return [each for each in every if self.low <= each <= self.high * 1.0001]
        step = 10 ** math.floor(math.log10((self.high - self.low) or 1))
        step = next(each for each in (step / 5, step / 2, step, step * 2) if (self.high - self.low) / each <= 8)  # noqa: PLR2004
        return [self.low + step * each for each in range(int((self.high - self.low) / step) + 1)]


def number(value: float) -> str:
    """As short as it can be said on an axis."""
    for size, unit in ((1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


def text(x: float, y: float, said: str, anchor: str = "start", *, size: int = 12, weight: str = "normal") -> str:
    style = f'{FONT} font-size="{size}" font-weight="{weight}" fill="{INK}" text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(said)}</text>'


def stroke(x1: float, y1: float, x2: float, y2: float, colour: str = FAINT) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def whole(height: float, title: str, parts: Iterator[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img">'
    paper = f'<rect width="{WIDTH}" height="{height:.0f}" fill="{PAPER}"/>'
    body = "\n".join(
        [head, f"<title>{escape(title)}</title>", paper, text(16, 26, title, size=15, weight="600"), *parts]
    )
    return f"{body}\n</svg>\n"


def bars(title: str, axis_title: str, rows: Sequence[Bar]) -> str:
    """From the top down in the order given; the whisker spans all runs."""
    span = WIDTH - LEFT - RIGHT
    axis = Axis(axis_title, 0, max((each.high for each in rows), default=1.0) or 1.0)
    height = TOP + ROW * len(rows) + FOOT

    def parts() -> Iterator[str]:
        foot = height - FOOT
        for tick in axis.ticks():
            x = LEFT + span * axis.place(tick)
            yield stroke(x, TOP - 4, x, foot)
            yield text(x, foot + 16, number(tick), "middle", size=11)
        yield text(LEFT + span / 2, foot + 34, axis_title, "middle", size=11)
        for place, each in enumerate(rows):
            y = TOP + ROW * place
            long = max(1.0, span * axis.place(each.value))
            yield text(LEFT - 8, y + 15, each.name, "end")
            yield f'<rect x="{LEFT}" y="{y + 3}" width="{long:.1f}" height="{ROW - 8}" rx="2" fill="{each.colour}"/>'
            low, high = (LEFT + span * axis.place(end) for end in (each.low, each.high))
            yield stroke(low, y + ROW / 2 - 1, high, y + ROW / 2 - 1, INK)
            yield text(max(LEFT + long, high) + 6, y + 15, each.shown, size=11)

    return whole(height, title, parts())


def lines(title: str, across: Axis, up: Axis, every: Sequence[Line], ticks: Sequence[tuple[float, str]] = ()) -> str:
    """`ticks` name places of the upright axis where its own are no help."""
    left, legend = 70, 210
    span, foot = WIDTH - left - legend - 20, HEIGHT - FOOT

    def point(x: float, y: float) -> tuple[float, float]:
        return left + span * across.place(x), foot - (foot - TOP) * up.place(y)

    def parts() -> Iterator[str]:
        for tick in across.ticks():
            x, _ = point(tick, up.low)
            yield stroke(x, TOP, x, foot)
            yield text(x, foot + 16, number(tick), "middle", size=11)
        for tick, said in ticks or [(each, number(each)) for each in up.ticks()]:
            _, y = point(across.low, tick)
            yield stroke(left, y, left + span, y)
            yield text(left - 6, y + 4, said, "end", size=11)
        yield text(left + span / 2, foot + 34, across.title, "middle", size=11)
        yield text(16, TOP - 6, up.title, size=11)
        for place, each in enumerate(every):
            colour, y = COLOURS[place % len(COLOURS)], TOP + 18 * place + 8
            dashes = ' stroke-dasharray="5 3"' if place >= len(COLOURS) else ""
            shape = " ".join(f"{x:.1f},{y:.1f}" for x, y in (point(*one) for one in each.points))
            yield f'<polyline points="{shape}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>'
            sample = f'x1="{WIDTH - legend - 4}" y1="{y + 2}" x2="{WIDTH - legend + 14}" y2="{y + 2}"'
            yield f'<line {sample} stroke="{colour}" stroke-width="2"{dashes}/>'
            yield text(WIDTH - legend + 20, y + 6, each.name, size=11)

    return whole(HEIGHT, title, parts())
