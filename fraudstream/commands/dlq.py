"""`fraudstream dlq`: what could not be scored, why, and sending it back once the cause is mended."""

from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from fraudstream.commands.ledger import Who, Why, by
from fraudstream.commands.options import Bootstrap, Config, Set, moment_ms, settings_from
from fraudstream.commands.periods import moment
from fraudstream.commands.progress import to_stderr
from schemas.errors import Misconfigured, Usage
from schemas.verdicts import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from producer.dead_letters import Letter, Letters, Place
    from schemas.settings import Settings
    from schemas.standing import Standing

app = typer.Typer(
    help="See what could not be scored and why, send it back, let a stopped partition go on.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Reasons = Annotated[list[Reason] | None, typer.Option("--reason", help="Refused for this reason; may be repeated.")]
Partition = Annotated[int | None, typer.Option("--partition", min=0, help="Of this partition alone.")]
From = Annotated[str | None, typer.Option("--from", metavar="TIME", help="Refused then or later.")]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="Refused before then.")]
Most = Annotated[int | None, typer.Option("--max", min=1, help="Stop after so many.")]
JsonLines = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]
PLACE = "PARTITION/OFFSET"


@app.command("list", short_help="List dead letters.")
def list_letters(
    *,
    reasons: Reasons = None,
    partition: Partition = None,
    start: From = None,
    end: To = None,
    counts: Annotated[
        bool, typer.Option("--counts", help="How many by reason and partition, with first and last.")
    ] = False,
    most: Most = None,
    json: JsonLines = False,
    bootstrap: Bootstrap = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """List the dead letters that there are: place, time, reason, detail, where from. Nothing of what is in them.

    What was refused again after a replay says where it was before, and what was replayed says when.
    """
    from fraudstream.dead_letter import reason_of, to_dict, to_line
    from producer.dead_letters import Letters

    span = _span(start, end)
    settings = settings_from(bootstrap, None, config, sets)
    standing = _standing(settings)
    tally: Counter[str] = Counter()
    with closing(Letters(settings)) as letters:
        chosen = _chosen(letters, span, partition, reasons)
        if counts:
            _tell_counts(chosen, json)
            return
        for count, letter in enumerate(chosen, 1):
            sent = standing.replays(*letter.place)
            typer.echo(_object(to_dict(letter, sent)) if json else to_line(letter, sent))
            tally[reason_of(letter)] += 1
            if count == most:
                break
    to_stderr(f"{tally.total():,} dead letters{_by_name(tally)}")


@app.command(short_help="Show one of them whole.")
def show(
    place: Annotated[str, typer.Argument(metavar=PLACE, help="Among the dead letters, as `list` tells it.")],
    *,
    size: Annotated[int, typer.Option("--bytes", min=0, help="How much of the value is shown at most.")] = 2_000,
    json: Annotated[bool, typer.Option("--json", help="A JSON object, without the value.")] = False,
    bootstrap: Bootstrap = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Show a dead letter: where it came from, the reason and what to do, key, headers and value.

    What looks like a card number is shown as asterisks, and nothing that a terminal would obey is passed on to it.
    """
    from fraudstream.dead_letter import to_dict, to_page
    from producer.dead_letters import Letters

    wanted = _place(place)
    settings = settings_from(bootstrap, None, config, sets)
    with closing(Letters(settings)) as letters:
        letter = _found(letters, wanted, settings)
    sent = _standing(settings).replays(*letter.place)
    typer.echo(_object(to_dict(letter, sent)) if json else to_page(letter, sent, settings.topics.transactions, size))


@app.command(short_help="Send some of them back to the input.")
def replay(
    places: Annotated[
        list[str] | None, typer.Argument(metavar=f"[{PLACE}]...", help="Which, as `list` tells them.")
    ] = None,
    *,
    why: Why,
    who: Who = None,
    reasons: Reasons = None,
    partition: Partition = None,
    start: From = None,
    end: To = None,
    again: Annotated[bool, typer.Option("--again", help="Also those that were sent back before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be sent.")] = False,
    bootstrap: Bootstrap = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Send dead letters back to the input topic, as they were but for the headers that were added: each once.

    They come back as late events, scored as of their own time; decisions made without them stay as they are. An
    envelope cannot be sent back. What is refused again is a new dead letter that says so.
    """
    from fraudstream.resending import Sorting, send
    from producer.dead_letters import Letters

    span = _span(start, end)
    wanted = list(dict.fromkeys(_place(each) for each in places or ()))
    if not wanted and not reasons and partition is None and span == (None, None):
        raise Usage("nothing says which", fix="name places, or one of --reason, --partition, --from and --to")
    if wanted and (reasons or partition is not None or span != (None, None)):
        raise Usage("places are named and described", fix="give places, or options, not both")
    settings = settings_from(bootstrap, None, config, sets)
    said = by(who, why)
    said.facts()
    with closing(Letters(settings)) as letters:
        found = [_found(letters, each, settings) for each in wanted] if wanted else []
        chosen = iter(found) if wanted else _chosen(letters, span, partition, reasons)
        if dry_run:
            sorting = Sorting(settings.topics.transactions, _standing(settings), again, to_stderr)
            _tell_dry(sorting.good(chosen))
        else:
            sorting = send(settings, chosen, said, again=again, say=to_stderr)
    typer.echo(sorting.account("would be sent" if dry_run else "sent"))


@app.command(short_help="Let a partition go on that stopped for too many.")
def resume(
    partition: Annotated[int, typer.Argument(min=0, metavar="PARTITION", help="Of the input.")],
    *,
    why: Why,
    who: Who = None,
    bootstrap: Bootstrap = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Let a partition go on that stopped because too many of its records were refused. It begins to count anew."""
    from fraudstream.orders import resume_dead_letters

    settings = settings_from(bootstrap, None, config, sets)
    typer.echo(resume_dead_letters(settings, partition, by(who, why), to_stderr))


def _tell_dry(letters: "Iterator[Letter]") -> None:
    from fraudstream.dead_letter import to_line

    for letter in letters:
        typer.echo(to_line(letter, None))


def _chosen(
    letters: "Letters", span: tuple[int | None, int | None], partition: int | None, reasons: list[Reason] | None
) -> "Iterator[Letter]":
    wanted = {each.value for each in reasons or ()}
    return (each for each in letters.between(*span, partition) if not wanted or each.reason in wanted)


def _found(letters: "Letters", place: "Place", settings: "Settings") -> "Letter":
    letter = letters.at(place)
    if letter is None:
        raise Usage(
            f"there is no dead letter at {place} of {settings.topics.dlq}",
            fix="`fraudstream dlq list` tells the places; records are deleted when the topic's retention is over",
        )
    return letter


def _place(text: str) -> "Place":
    from producer.dead_letters import Place

    partition, slash, offset = text.partition("/")
    if not (slash and all(each.isascii() and each.isdigit() and len(each) <= 18 for each in (partition, offset))):  # noqa: PLR2004
        raise Usage(f"{text} is no place", fix=f"write it as {PLACE}, such as 3/17, as `fraudstream dlq list` tells it")
    return Place(int(partition), int(offset))


def _span(start: str | None, end: str | None) -> tuple[int | None, int | None]:
    from_ms = None if start is None else moment_ms(start, "--from")
    to_ms = None if end is None else moment_ms(end, "--to")
    if from_ms is not None and to_ms is not None and to_ms <= from_ms:
        raise Usage(f"--to {end} is not after --from {start}", fix="swap them")
    return from_ms, to_ms


def _standing(settings: "Settings") -> "Standing":
    """What was replayed is told where it can be found out."""
    from producer.orders import standing
    from schemas.standing import Standing

    try:
        return standing(settings, to_stderr)
    except Misconfigured as error:
        to_stderr(f"what was replayed is not known: {error.message}")
        return Standing(settings.score.group)


def _tell_counts(letters: "Iterator[Letter]", json: bool) -> None:
    from fraudstream.dead_letter import reason_of

    found: dict[tuple[str, int], list[int]] = {}
    for letter in letters:
        entry = found.setdefault((reason_of(letter), letter.place.partition), [0, letter.at_ms, letter.at_ms])
        entry[0] += 1
        entry[1:] = [min(entry[1], letter.at_ms), max(entry[2], letter.at_ms)]
    for (reason, partition), (count, first, last) in sorted(found.items()):
        row = {"reason": reason, "partition": partition, "count": count, "first": moment(first), "last": moment(last)}
        line = f"{reason:<20} partition {partition:<4} {count:>10,}  {row['first']} .. {row['last']}"
        typer.echo(_object(row) if json else line)
    to_stderr(f"{sum(each[0] for each in found.values()):,} dead letters")


def _by_name(tally: Counter[str]) -> str:
    return f": {', '.join(f'{name} {count:,}' for name, count in tally.most_common())}" if tally else ""


def _object(row: dict[str, object]) -> str:
    from json import dumps

    return dumps(row)
