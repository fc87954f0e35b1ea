"""`fraudstream settings`: every value that holds and where it comes from. Passwords are never shown."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from fraudstream.commands.options import Config, Set

if TYPE_CHECKING:
    from schemas.settings import Effective

Json = Annotated[bool, typer.Option("--json", help="One JSON list instead of a table.")]


def settings(config: Config = None, sets: Set = None, *, json: Json = False) -> None:
    """Show every setting, its value, and whether a flag, the environment, the file or the default decided it."""
    from schemas.settings import overrides, read

    rows = read(overrides(sets or []), file=config).effective()
    if json:
        typer.echo(as_json(rows))
    elif sys.stdout.isatty():
        draw(rows)
    else:
        typer.echo(as_text(rows))


def as_json(rows: "list[Effective]") -> str:
    from json import dumps

    return dumps([{"path": row.path, "value": row.value, "origin": row.origin} for row in rows], indent=2)


def as_text(rows: "list[Effective]") -> str:
    """One setting a line, in columns, for grep and for logs."""
    path, value = (max(len(getattr(row, column)) for row in rows) for column in ("path", "value"))
    return "\n".join(f"{row.path:<{path}}  {row.value:<{value}}  {row.origin}" for row in rows)


def draw(rows: "list[Effective]") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from schemas.settings.sources import DEFAULT

    table = Table("setting", "value", "from", box=None, pad_edge=False)
    for row in rows:
        style = "dim" if row.origin == DEFAULT else "bold"
        table.add_row(Text(row.path), Text(row.value, style), Text(row.origin, style))
    Console().print(table)
