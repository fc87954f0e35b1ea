"""Titled rows of words: aligned and coloured on a terminal, plain lines elsewhere; the words are the same."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fraudstream.decision import printable

GAP: Final = "  "
STYLES: Final = {"equal": "green", "differs": "bold red", "not done": "yellow", "outside": "yellow"}
"""Of a first cell that is one of these words."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """`head` may be empty. Cells of the columns in `right` are numbers."""

    title: str
    rows: Sequence[Sequence[str]]
    head: Sequence[str] = ()
    note: str = ""
    right: frozenset[int] = field(default=frozenset())


def show(sheets: Sequence[Sheet]) -> None:
    if sys.stdout.isatty():
        draw(sheets, Console())
    else:
        print(render(sheets))  # noqa: T201 the command line speaks here


def render(sheets: Sequence[Sheet]) -> str:
    """Nothing that a record holds can move a terminal's cursor."""
    return "\n\n".join("\n".join(_lines(each)) for each in sheets)


def draw(sheets: Sequence[Sheet], console: Console) -> None:
    for place, sheet in enumerate(sheets):
        console.print("" if place else None, end="\n" if place else "")
        if sheet.title:
            console.print(Text(sheet.title, "bold"))
        table = Table(box=None, pad_edge=True, show_header=bool(sheet.head), header_style="cyan")
        for column in range(_width(sheet)):
            name = sheet.head[column] if column < len(sheet.head) else ""
            table.add_column(name, justify="right" if column in sheet.right else "left", overflow="fold")
        for row in sheet.rows:
            cells = [Text(printable(cell)) for cell in row]
            if cells and (style := STYLES.get(row[0])):
                cells[0].stylize(style)
            table.add_row(*cells)
        if sheet.rows:
            console.print(table)
        if sheet.note:
            console.print(Text(printable(sheet.note), "dim"))


def _lines(sheet: Sheet) -> list[str]:
    rows = [[printable(cell) for cell in row] for row in ([sheet.head] if sheet.head else []) + list(sheet.rows)]
    widths = [max((len(row[at]) for row in rows if at < len(row)), default=0) for at in range(_width(sheet))]
    lines = [sheet.title] if sheet.title else []
    for row in rows:
        cells = (
            cell.rjust(width) if at in sheet.right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=False))
        )
        lines.append((GAP + GAP.join(cells)).rstrip())
    return [*lines, *([GAP + printable(sheet.note)] if sheet.note else [])]


def _width(sheet: Sheet) -> int:
    return max((len(row) for row in (sheet.head, *sheet.rows)), default=0)
