"""What a report says, for people: tables on a terminal, plain lines elsewhere, within 100 columns."""

import sys
from collections.abc import Sequence
from textwrap import wrap
from typing import Final

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from models.judging.figures import Report
from models.judging.tables import Table, percent, tables

WIDTH: Final = 100
MOST_LETTERS: Final = 16
"""Of a contender's name."""


def show(report: Report) -> None:
    show_tables(heading(report), tables(report))


def show_tables(head: str, made: Sequence[Table]) -> None:
    if sys.stdout.isatty():
        _draw(head, made, Console(width=max(Console().width, WIDTH)))
    else:
        print(_plain(head, made))  # noqa: T201 the command line speaks here


def render(report: Report) -> str:
    """Plain text, the same for the same report."""
    return _plain(heading(report), tables(report))


def draw(report: Report, console: Console) -> None:
    _draw(heading(report), tables(report), console)


def _plain(head: str, made: Sequence[Table]) -> str:
    return "\n".join([head, *(line for table in made for line in ("", *_lines(table)))])


def _draw(head: str, made: Sequence[Table], console: Console) -> None:
    console.print(Text(head, "bold"))
    for table in made:
        grid = Grid(title=Text(table.title, "bold"), title_justify="left", box=None, header_style="cyan")
        for place, cell in enumerate(table.head):
            grid.add_column(Text(cell), justify="right" if place else "left", no_wrap=True)
        for row in table.rows:
            grid.add_row(*(Text(_cut(cell) if not place else cell) for place, cell in enumerate(row)))
        console.print(grid)
        if table.note:
            console.print(Text(table.note, "dim"), width=min(WIDTH, console.width))
        console.print()


def heading(report: Report) -> str:
    data = report.data
    unknown = percent(data.unknown_share)
    said = (
        f"{data.first_day} to {data.last_day}, {data.days} days: {data.rows:,} transactions, outcome unknown for "
        f"{unknown}; {data.frauds:,} frauds ({percent(data.fraud_share)} of those known)"
    )
    return "\n".join(wrap(said, WIDTH))


def _lines(table: Table) -> list[str]:
    rows = [table.head, *((_cut(row[0]), *row[1:]) for row in table.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.head))]
    aligned = (
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width) for place, (cell, width) in enumerate(pairs)
        ).rstrip()
        for pairs in (zip(row, widths, strict=True) for row in rows)
    )
    return [
        table.title,
        *(f"  {line}" for line in aligned),
        *wrap(table.note, WIDTH, initial_indent="  ", subsequent_indent="  "),
    ]


def _cut(name: str) -> str:
    return name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…"
