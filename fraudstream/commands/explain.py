"""`fraudstream explain`: why a transaction was decided as it was, and whether that can be had again."""

from typing import TYPE_CHECKING, Annotated

import typer

from fraudstream.commands.options import Bootstrap, Config, Set, moment_ms, settings_from
from fraudstream.commands.progress import to_stderr
from schemas.errors import Usage

if TYPE_CHECKING:
    from consumer.replaying.archive import Archive

DIFFERS = 1

Event = Annotated[str, typer.Argument(metavar="EVENT_ID", help="Of the transaction; approved ones too.")]
Since = Annotated[str | None, typer.Option("--since", metavar="TIME", help="Look no further back than this.")]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Look at no transactions after this.")]
Coordinates = Annotated[
    str | None, typer.Option("--coordinates", metavar="PARTITION/OFFSET", help="Where it is in the input: no search.")
]
Snapshots = Annotated[
    bool, typer.Option("--snapshots/--no-snapshots", help="Without: state is folded from where the log begins.")
]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]


def explain(
    event_id: Event,
    *,
    since: Since = None,
    until: Until = None,
    coordinates: Coordinates = None,
    snapshots: Snapshots = True,
    json: Json = False,
    bootstrap: Bootstrap = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Show what a decision rests on, and compute it anew: from its own features, and from the logs where they reach.

    Exit code 0 when it comes out the same, 1 when the decision or the logs are not what they were.
    """
    from dataclasses import asdict

    early = None if since is None else moment_ms(since, "--since")
    late = None if until is None else moment_ms(until, "--until")
    place = None if coordinates is None else _place(coordinates)
    from consumer.deciding import recalled
    from consumer.replaying.archive import Archive
    from consumer.replaying.explanation import Explainer
    from consumer.replaying.search import find
    from fraudstream.decision import to_json
    from fraudstream.logs import configure
    from fraudstream.replaying import explained
    from fraudstream.replaying.sheets import show

    settings = settings_from(bootstrap, None, config, sets)
    configure(settings)
    with Archive.of(settings, snapshots=snapshots) as archive:
        partition, offset = place or find(archive, event_id, early, late)
        _check(archive, partition)
        to_stderr(f"computing {archive.transactions.topic}/{partition}/{offset} anew ...")
        found = Explainer(archive, lambda ref, policy: recalled(settings, asdict(ref), policy)).explain(
            partition, offset
        )
    if event_id not in found.event_ids:
        there = " and ".join(sorted(found.event_ids))
        raise Usage(f"{partition}/{offset} is {there}, not {event_id}", fix="leave out --coordinates")
    topic = settings.topics.transactions
    if json:
        typer.echo(to_json(explained.facts(found, topic)))
    else:
        show(explained.sheets(found, topic))
    raise typer.Exit(0 if found.equal else DIFFERS)


def _place(text: str) -> tuple[int, int]:
    partition, _, offset = text.partition("/")
    if not (partition.isascii() and partition.isdigit() and offset.isascii() and offset.isdigit()):
        raise Usage(f"--coordinates {text} is no place in a topic", fix="write PARTITION/OFFSET, such as 2/4711")
    return int(partition), int(offset)


def _check(archive: "Archive", partition: int) -> None:
    log = archive.transactions
    if partition not in log.ends:
        raise Usage(f"{log.topic} has no partition {partition}", fix=f"it has {len(log.ends)}, counted from 0")
