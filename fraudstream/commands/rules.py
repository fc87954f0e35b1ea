"""`fraudstream rules`: what each rule says, whether it does what it says, and which of them are asleep."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fraudstream.commands.ledger import Json, Root, Who, Why, as_json, by, settings_with, tell
from fraudstream.commands.options import Config, Set
from fraudstream.commands.periods import For, From, Until, moment, now_ms, period

if TYPE_CHECKING:
    from models.rules import Rule
    from schemas.settings import Settings

app = typer.Typer(
    help="See and try the rules; put one to sleep and wake it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Code = Annotated[str, typer.Argument(metavar="CODE", help="A rule's code; `rules list` has all.")]


@app.command("list", short_help="List the rules.")
def list_(*, json: Json = False, root: Root = None, config: Config = None, sets: Set = None) -> None:
    """List the rules: code, sentence, margin, limits, until when they are asleep, and their examples."""
    from fraudstream.rule_trial import fields
    from models.policies.list_shelf import ListShelf
    from models.rules import RULES

    settings = settings_with(root, config, sets)
    snoozes = ListShelf(settings.models.root.expanduser()).lists().snoozes
    rows = [_row(rule, settings, max((end for _, end in snoozes.get(rule.code, ())), default=None)) for rule in RULES]
    if json:
        typer.echo(as_json(rows))
    for row in () if json else rows:
        limits = "".join(f"  {name}={value:,}" for name, value in row["limits"].items())
        asleep = f"  snoozed until {row['snoozed_until']}" if row["snoozed_until"] else ""
        typer.echo(f"{row['code']:<16} {row['margin']:+.1f}  {row['sentence']}{limits}{asleep}")
        for kind in ("hits", "misses"):
            typer.echo(f"{'':<16} {kind}: {'; '.join(map(fields, row[kind]))}")


@app.command("test", short_help="Try the rules on their examples, or on a file.")
def try_(
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="JSON lines, CSV, Avro or Parquet; - is standard input.")
    ] = None,
    *,
    json: Json = False,
    root: Root = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Try every rule on its own examples; with FILE, on each transaction in it, and count.

    Exit code 78 when a rule does not do what its examples say, 64 when a row cannot be read. A file is tried with the
    limits of the settings and the snoozes of the registry; --json prints a line per row, and the counts last.
    """
    from fraudstream.rule_trial import try_examples, try_file

    if file is None:
        try_examples(typer.echo, json=json)
    else:
        try_file(file, settings_with(root, config, sets), typer.echo, json=json)


@app.command(short_help="Put a rule to sleep for a time.")
def snooze(
    code: Code,
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
    """Put a rule to sleep: its hits do not count for transactions of that time, but are still told as snoozed."""
    from models.policies.kinds import SNOOZE
    from models.policies.list_shelf import ListShelf

    begin, end = period(start, until, length, now_ms())
    shelf = ListShelf(settings_with(root, config, sets).models.root.expanduser())
    tell(shelf.add(SNOOZE, [code], begin, end, by(who, why)), json)


@app.command(short_help="Wake a rule.")
def wake(
    code: Code,
    why: Why,
    *,
    who: Who = None,
    json: Json = False,
    root: Root = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Wake a rule: what put it to sleep is taken away."""
    from models.policies.kinds import SNOOZE
    from models.policies.list_shelf import ListShelf

    shelf = ListShelf(settings_with(root, config, sets).models.root.expanduser())
    tell(shelf.remove(SNOOZE, [code], by(who, why)), json)


def _row(rule: "Rule", settings: "Settings", snoozed_until: int | None) -> dict[str, Any]:
    limits = settings.rules.model_dump()
    return {
        "code": rule.code,
        "sentence": rule.sentence,
        "margin": rule.margin,
        "limits": {name: value for name, value in limits.items() if name.startswith(rule.code)},
        "snoozed_until": None if snoozed_until is None else moment(snoozed_until),
        "hits": [dict(each) for each in rule.hits],
        "misses": [dict(each) for each in rule.misses],
    }
