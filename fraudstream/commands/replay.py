"""`fraudstream replay`: decisions computed anew from the logs and compared with what was published."""

from typing import TYPE_CHECKING, Annotated

import typer

from fraudstream.commands.options import Bootstrap, Config, Set, moment_ms, settings_from
from fraudstream.commands.progress import stages, to_stderr
from schemas.errors import Usage

if TYPE_CHECKING:
    from consumer.replaying.archive import Archive
    from consumer.replaying.stretch import Bound, Stretch
    from schemas.settings import Settings

DIFFERS = 1

From = Annotated[
    str, typer.Option("--from", metavar="TIME|OFFSET|earliest", help="Where to begin; TIME as 2026-01-31T06:00:00Z.")
]
To = Annotated[str, typer.Option("--to", metavar="TIME|OFFSET|end", help="Where to end; that one is not in it.")]
Partition = Annotated[int | None, typer.Option("--partition", min=0, help="Of this partition alone.")]
Model = Annotated[
    str | None, typer.Option("--model", metavar="MODEL", help="Instead: what this model would have decided; or rules.")
]
Policy = Annotated[
    str | None, typer.Option("--policy", metavar="POLICY", help="The policy for it [the one live for that model].")
]
Shown = Annotated[int, typer.Option("--show", min=0, help="How many differences to tell one by one.")]
Snapshots = Annotated[
    bool, typer.Option("--snapshots/--no-snapshots", help="Without: state is folded from where the log begins.")
]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]


def replay(
    *,
    start: From = "earliest",
    end: To = "end",
    partition: Partition = None,
    model: Model = None,
    policy: Policy = None,
    shown: Shown = 20,
    snapshots: Snapshots = True,
    json: Json = False,
    bootstrap: Bootstrap = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Decide a stretch of the input anew, from the logs alone, and compare with what was published, bit by bit.

    Flagged and unflagged transactions alike; nothing is written. Exit code 0 when all is equal, 1 when anything
    differs. With --model the answer is another: what that model would have changed, and what that would have cost.
    """
    begin, last = bound(start, "--from", "earliest"), bound(end, "--to", "end")
    if policy is not None and model is None:
        raise Usage("--policy belongs to a model", fix="add --model models:/name/3")
    from consumer.replaying.archive import Archive
    from fraudstream.logs import configure

    settings = settings_from(bootstrap, None, config, sets)
    configure(settings)
    with Archive.of(settings, snapshots=snapshots) as archive:
        asked, notes = _asked(archive, begin, last, partition)
        if model is None:
            _replay(archive, settings, asked, notes, json=json, shown=shown)
        else:
            _try(archive, settings, asked, notes, (model, policy or ""), json=json, shown=shown)


def bound(text: str, option: str, word: str) -> "Bound":
    from consumer.replaying.stretch import At

    if text == word:
        return text
    if text.isascii() and text.isdigit():
        return int(text)
    return At(moment_ms(text, option))


def _replay(
    archive: "Archive", settings: "Settings", asked: "list[Stretch]", notes: list[str], *, json: bool, shown: int
) -> None:
    from dataclasses import asdict

    from consumer.deciding import recalled
    from consumer.replaying.account import Account
    from consumer.replaying.replay import Replay
    from fraudstream.replaying import summary

    with stages(lambda: None) as say:
        replay = Replay(archive, lambda ref, policy: recalled(settings, asdict(ref), policy), say)
        account = replay.run(asked, Account(shown=shown, notes=notes))
    if json:
        _as_json(summary.facts(account))
    else:
        _show(summary.sheets(account, archive.transactions.topic))
    raise typer.Exit(0 if account.equal else DIFFERS)


def _try(
    archive: "Archive",
    settings: "Settings",
    asked: "list[Stretch]",
    notes: list[str],
    supposed_to: tuple[str, str],
    *,
    json: bool,
    shown: int,
) -> None:
    from consumer.deciding import supposed
    from consumer.replaying.trial import Trial
    from fraudstream.replaying import compared
    from fraudstream.replaying.costs import costs_of

    decider = supposed(settings, *supposed_to)
    costs = costs_of(settings, *supposed_to)
    with stages(lambda: None) as say:
        found = Trial(archive, decider, costs, say, shown=shown).run(asked)
    for note in notes:
        to_stderr(note)
    name = f"{decider.model.name}/{decider.model.version}"
    if json:
        _as_json(compared.facts(found, name, decider.policy))
    else:
        _show(compared.sheets(found, name, decider.policy, archive.transactions.topic))


def _asked(
    archive: "Archive", begin: "Bound", end: "Bound", partition: int | None
) -> "tuple[list[Stretch], list[str]]":
    from consumer.replaying.stretch import stretches

    log = archive.transactions
    if partition is not None and partition not in log.ends:
        raise Usage(f"{log.topic} has no partition {partition}", fix=f"it has {len(log.ends)}, counted from 0")
    decided = log.committed()
    found = list(stretches(log, begin, end, partition, decided))
    notes = []
    if never := [each.partition for each in found if decided.get(each.partition, -1) < 0 and len(each)]:
        names = ", ".join(map(str, never))
        notes.append(f"the group has committed nothing in partitions {names}: all of the log is expected to be decided")
    if isinstance(begin, int) and (gone := [each for each in found if each.start > begin and len(each)]):
        notes.append(f"{log.topic} begins after offset {begin} in {len(gone)} partitions: from there on")
    return found, notes


def _as_json(facts: dict[str, object]) -> None:
    from fraudstream.decision import to_json

    typer.echo(to_json(facts))


def _show(sheets: list) -> None:  # type: ignore[type-arg]
    from fraudstream.replaying.sheets import show

    show(sheets)
