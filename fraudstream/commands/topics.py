"""`fraudstream topics`: makes the topics that are missing, and compares those that stand with what is needed."""

from typing import TYPE_CHECKING, Annotated

import typer

from fraudstream.commands.options import Bootstrap, Config, Set, settings_from

if TYPE_CHECKING:
    from fraudstream.topics import Found, Missing
    from schemas.settings import Settings

app = typer.Typer(
    help="Make the product's topics, and check those that stand.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Partitions = Annotated[
    int | None,
    typer.Option(min=1, help="Partitions of each, where the input does not stand yet [topics.partitions]."),
]
Replication = Annotated[int | None, typer.Option(min=1, help="Copies of each partition [topics.replication].")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be made, and make nothing.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON list of findings instead of text.")]


@app.command()
def create(
    *,
    partitions: Partitions = None,
    replication: Replication = None,
    dry_run: DryRun = False,
    shadow: Annotated[bool, typer.Option("--shadow", help="Those of `fraudstream score --shadow` as well.")] = False,
    bootstrap: Bootstrap = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Make the topics that are missing, as they must be kept. Never alters one that stands, so it may be repeated.

    Where the input topic stands already, the others get as many partitions as it has. Names, partitions and copies are
    settings: topics.transactions, topics.flags, topics.partitions and so on.
    """
    from fraudstream.topics import Administration, missing

    given = list(sets or [])
    given += [f"topics.partitions={partitions}"] if partitions else []
    given += [f"topics.replication={replication}"] if replication else []
    settings = settings_from(bootstrap, None, config, given)
    administration = Administration(settings)
    found = administration.look()
    for line in _standing(found, settings):
        typer.echo(line)
    wanted = missing(found, settings)
    if shadow:
        from fraudstream.shadow import WRITTEN, shadowed

        beside = shadowed(settings)
        of_shadow = missing(Administration(beside).look(), beside)
        wanted += [each for each in of_shadow if each.role in WRITTEN]
    for topic, made in ((each, True) for each in wanted) if dry_run else administration.make(wanted):
        typer.echo(_line("would make" if dry_run else "made", topic) if made else f"stands      {topic.name}")
    if found.topics:
        typer.echo("what stood already was left as it is; `fraudstream topics check` compares it with what is needed")


@app.command()
def check(*, json: Json = False, bootstrap: Bootstrap = None, config: Config = None, sets: Set = None) -> None:
    """Compare the topics with what is needed: partitions, retention, compaction, copies. Changes nothing.

    Each finding comes with the command that mends it. Exit code 0 without errors, 78 with errors, 69 when the broker
    does not answer.
    """
    from fraudstream.doctor import report
    from fraudstream.doctor.finding import worst
    from fraudstream.doctor.topics import compare
    from fraudstream.topics import Administration

    settings = settings_from(bootstrap, None, config, sets)
    findings = compare(Administration(settings).look(), settings)
    if json:
        typer.echo(report.as_json([report.facts(each, subject="topic") for each in findings]))
    elif findings:
        report.show([("topics", findings)])
    else:
        typer.echo("all topics stand as they should")
    raise typer.Exit(worst(findings))


def _standing(found: "Found", settings: "Settings") -> list[str]:
    return [
        f"stands      {settings.topics.name(role)}: {_partitions(topic.partitions)}, {_copies(topic.replication)}"
        for role, topic in found.topics.items()
    ]


def _line(verb: str, topic: "Missing") -> str:
    from fraudstream.doctor.topics import kept

    how_long = kept(int(topic.config["retention.ms"]))
    return f"{verb:<11} {topic.name}: {_partitions(topic.partitions)}, {_copies(topic.replication)}, kept {how_long}"


def _partitions(count: int) -> str:
    return "1 partition" if count == 1 else f"{count} partitions"


def _copies(count: int) -> str:
    from fraudstream.doctor.topics import copies

    return copies(count)
