"""`fraudstream policies`: from which scores on transactions are reviewed and blocked, version by version."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fraudstream.commands.ledger import Json, Root, Who, Why, as_json, as_words, by, line, registry_of, tell
from fraudstream.commands.options import Config, Set

if TYPE_CHECKING:
    from models.registry.entry import Entry

app = typer.Typer(
    help="See, add, promote and roll back the policies of models.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Policy = Annotated[str, typer.Argument(metavar="POLICY", help="policies:/name/2, or policies:/name/latest.")]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="models:/name/3, or models:/name@champion.")]


@app.command("list", short_help="List every policy and what is live.")
def list_(*, json: Json = False, root: Root = None, config: Config = None, sets: Set = None) -> None:
    """List every policy of every model, what it was made for, and which are live."""
    from models.policies.policies import Policies
    from models.registry import aliases

    registry = registry_of(root, config, sets)
    entries = registry.read().entries
    rows = [
        _row(entry, entries) | {"kind": Policies(registry).read(str(entry)).policy.kind}
        for name in aliases.names(entries, "policy")
        for _, entry in sorted(aliases.versions(entries, name, "policy").items())
    ]
    if json:
        typer.echo(as_json(rows))
    elif not rows:
        typer.echo(f"no policies in {registry.root} yet; `fraudstream policies add` brings one in")
    for row in () if json else rows:
        live = "live" if row["live"] else "-"
        typer.echo(f"{row['policy']}  {live:<4}  {row['kind']:<6}  {_short(row['model'])}  {row['at']}")


@app.command(short_help="Show one policy and its history.")
def show(policy: Policy, *, json: Json = False, root: Root = None, config: Config = None, sets: Set = None) -> None:
    """Show everything that a policy says, and its history in the ledger."""
    from models.policies.policies import Policies

    registry = registry_of(root, config, sets)
    stored = Policies(registry).read(policy)
    entries = registry.read().entries
    past = [each for each in entries if str(each) == str(stored.entry)]
    said, facts = _row(stored.entry, entries), stored.policy.model_dump(mode="json")
    if json:
        typer.echo(as_json(said | {"content": facts, "history": [each.model_dump(mode="json") for each in past]}))
        return
    for name, value in (said | facts).items():
        typer.echo(f"{name:<16} {as_words(value)}")
    for entry in past:
        typer.echo(line(entry))


@app.command(short_help="Take in a policy for a model.")
def add(
    model: Model,
    file: Annotated[Path, typer.Argument(help="The policy, as JSON.")],
    why: Why,
    *,
    who: Who = None,
    json: Json = False,
    root: Root = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Take in a policy as the next version of the model's name. It is not live before it is promoted.

    Exit code 78 when it is for another model, its thresholds are out of order, or it says what no policy says.
    """
    from models.artefact.folder import MIB, read_one
    from models.artefact.refusal import refused
    from models.policies.policies import Policies
    from models.policies.policy_file import PolicyFile

    try:
        policy = PolicyFile.parse(read_one(file, MIB))
    except ValueError as error:
        raise refused(file, f"is no policy: {error}", fix="correct it; docs/policies.md has each field") from None
    tell(Policies(registry_of(root, config, sets)).add(model, policy, by(who, why)).entry, json)


@app.command(short_help="Make a policy the live one of its model.")
def promote(
    policy: Policy,
    why: Why,
    *,
    who: Who = None,
    json: Json = False,
    root: Root = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Make a policy the one that holds for its model."""
    from models.policies.policies import Policies

    tell(Policies(registry_of(root, config, sets)).promote(policy, by(who, why)), json)


@app.command(short_help="Go back to the policy before.")
def rollback(
    model: Model,
    why: Why,
    *,
    who: Who = None,
    json: Json = False,
    root: Root = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Go back to the policy that was live for that model before, by the ledger. Again goes further back."""
    from models.policies.policies import Policies

    tell(Policies(registry_of(root, config, sets)).rollback(model, by(who, why)), json)


def _row(entry: "Entry", entries: "tuple[Entry, ...]") -> dict[str, object]:
    from models.policies.policies import lives_of

    live = lives_of(entries, entry.name, entry.bound_to or "")[-1:] == (entry.version,)
    return {
        "policy": str(entry),
        "live": live,
        "model": entry.bound_to,
        "digest": entry.digest,
        "at": entry.at,
        "who": entry.who,
        "why": entry.why,
    }


def _short(digest: object) -> str:
    return str(digest)[:12]
