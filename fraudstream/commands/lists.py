"""`fraudstream lists`: who is blocked or allowed by hand, until when, and why."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from fraudstream.commands.ledger import Json, Root, Who, Why, as_json, by, settings_with, tell
from fraudstream.commands.options import Config, Set, moment_ms
from fraudstream.commands.periods import For, From, Until, moment, now_ms, period

if TYPE_CHECKING:
    from pathlib import Path

    from models.policies.list_file import Entries
    from models.policies.list_shelf import ListShelf

app = typer.Typer(
    help="Block or allow cards, customers, terminals, devices and countries by hand, for a time.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Name = Annotated[str, typer.Argument(metavar="LIST", help="Such as card_block; `lists show` has all.")]
Values = Annotated[list[str], typer.Argument(metavar="VALUE…", help="Ids as transactions have them; - reads lines.")]


@app.command(short_help="Put values on a list.")
def add(
    name: Name,
    values: Values,
    why: Why,
    *,
    start: From = None,
    until: Until = None,
    length: For = None,
    who: Who = None,
    json: Json = False,
    root: Root = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Put values on a list: a new version of the lists. They hold by event time, and end by it.

    A value that is there already stays for as long as any of its entries says. A scorer takes the newest version when
    it starts.
    """
    from models.policies.kinds import kind_of

    kind, shelf = kind_of(name), _shelf(root, config, sets)
    begin, end = period(start, until, length, now_ms())
    tell(shelf.add(kind, _read(values), begin, end, by(who, why)), json)


@app.command(short_help="Take values off a list.")
def remove(
    name: Name,
    values: Values,
    why: Why,
    *,
    who: Who = None,
    json: Json = False,
    root: Root = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Take values off a list, with all their entries: a new version of the lists. Older versions keep them."""
    from models.policies.kinds import kind_of

    tell(_shelf(root, config, sets).remove(kind_of(name), _read(values), by(who, why)), json)


@app.command(short_help="Show the lists, or one of them.")
def show(
    name: Annotated[str | None, typer.Argument(metavar="[LIST]", help="Without it, all lists in short.")] = None,
    *,
    version: Annotated[int | None, typer.Option("--version", min=1, help="Which version [the newest].")] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="What holds at that event time [now].")] = None,
    json: Json = False,
    root: Root = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Show how many values each list has, or every value of one: from when, until when, by whom and why."""
    from models.policies.kinds import KINDS, kind_of

    when = now_ms() if at is None else moment_ms(at, "--at")
    file = _shelf(root, config, sets).file(version)
    kinds = KINDS if name is None else (kind_of(name),)
    rows = [row for kind in kinds for each in file.entries if each.name == kind.name for row in _rows(each, when)]
    if json:
        typer.echo(as_json(rows))
    elif name is None:
        for kind in KINDS:
            states = [row["state"] for row in rows if row["list"] == kind.name]
            typer.echo(f"{kind.name:<16} {states.count('holds'):>7,} hold of {len(states):<7,}  {kind.sentence}")
    else:
        for row in rows:
            told = f"{row['value']:<24} {row['state']:<8} {row['from']} to {row['until']}"
            typer.echo(f"{told}  {row['who']}: {row['why']}")


def _rows(entries: "Entries", when: int) -> list[dict[str, str]]:
    state = "coming" if when < entries.from_ms else "holds" if when < entries.until_ms else "over"
    shared = {
        "from": moment(entries.from_ms),
        "until": moment(entries.until_ms),
        "state": state,
        "who": entries.who,
        "why": entries.why,
    }
    return [{"list": entries.name, "value": value} | shared for value in entries.values]


def _read(values: list[str]) -> list[str]:
    """`-` stands for the lines of standard input."""
    lines = (line.strip() for value in values for line in (sys.stdin if value == "-" else (value,)))
    return [line for line in lines if line]


def _shelf(root: "Path | None", config: "Path | None", sets: list[str] | None) -> "ListShelf":
    from models.policies.list_shelf import ListShelf

    return ListShelf(settings_with(root, config, sets).models.root.expanduser())
