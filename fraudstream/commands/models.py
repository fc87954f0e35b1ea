"""`fraudstream models`: what is registered, what is live, and the ways in, up and back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fraudstream.commands import serving
from fraudstream.commands.ledger import Json, Root, Who, Why, as_json, as_words, by, line, registry_of, tell
from fraudstream.commands.options import Config, Set
from fraudstream.commands.predict import predict

if TYPE_CHECKING:
    from models.artefact.load import Loaded
    from models.registry.entry import Entry
    from models.registry.registry import Resolved

app = typer.Typer(
    help="See, check, promote and roll back models; take in models of MLflow.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command(short_help="Predict every row of a file.")(predict)

REFERENCE = "models:/name/3, models:/name@champion, models:/name/Production, or a folder."
Model = Annotated[str, typer.Argument(metavar="MODEL", help=REFERENCE)]
Registered = Annotated[str, typer.Argument(metavar="MODEL", help="models:/name/3, or models:/name/latest.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A registered model's name.")]
Alias = Annotated[str, typer.Option("--alias", help="What it becomes: champion is Production, challenger is Staging.")]
Override = Annotated[
    list[str] | None,
    typer.Option(
        "--override", metavar="GATE", help="A gate that may refuse in vain; the ledger keeps it. May be repeated."
    ),
]


@app.command("list", short_help="List every version and what is live.")
def list_(*, json: Json = False, root: Root = None, config: Config = None, sets: Set = None) -> None:
    """List every version of every model, and which aliases name it."""
    from models.registry import aliases

    registry = registry_of(root, config, sets)
    entries = registry.read().entries
    rows = [
        _row(registry.resolve(f"models:/{name}/{version}"), entry)
        for name in aliases.names(entries)
        for version, entry in sorted(aliases.versions(entries, name).items())
    ]
    if json:
        typer.echo(as_json(rows))
    elif not rows:
        typer.echo(f"no models in {registry.root} yet; `fraudstream models import` brings one in")
    for row in () if json else rows:
        named = as_words(row["aliases"])
        typer.echo(f"models:/{row['name']}/{row['version']}  {named}  {str(row['digest'])[:12]}  {row['at']}")


@app.command(short_help="Show one model and its history.")
def show(model: Model, *, json: Json = False, root: Root = None, config: Config = None, sets: Set = None) -> None:
    """Show what an artefact says of itself, and its history in the ledger. Checks its files, loads nothing."""
    from models.artefact.opened import open_

    registry = registry_of(root, config, sets)
    resolved = registry.resolve(model)
    _, manifest = open_(resolved.folder, seal=resolved.seal)
    entries = registry.read().entries if resolved.name else ()
    past = [each for each in entries if each.kind == "model" and each.name == resolved.name]
    history = [each.model_dump(mode="json") for each in past]
    said = {"model": str(resolved), "folder": str(resolved.folder), "aliases": list(resolved.aliases)}
    facts = manifest.model_dump(mode="json")
    if json:
        typer.echo(as_json(said | {"manifest": facts, "history": history}))
        return
    kept = (
        "task",
        "estimator",
        "origin",
        "created_at",
        "takes",
        "feature_version",
        "content",
        "thresholds",
        "metrics",
        "training",
    )
    for name, value in {**said, **{name: facts[name] for name in kept}, "features": len(manifest.features)}.items():
        typer.echo(f"{name:<16} {as_words(value)}")
    for entry in past:
        typer.echo(line(entry))


@app.command(short_help="Check one model, or all and the ledger.")
def verify(
    model: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help=f"{REFERENCE} Without it, all and the ledger.")
    ] = None,
    *,
    json: Json = False,
    root: Root = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Check files, types, trees and golden vectors as at a start; without MODEL, every version and the ledger.

    Exit code 0 when all is well, 78 when anything is not.
    """
    from models.registry import aliases
    from schemas.errors import DONE, Misconfigured

    registry = registry_of(root, config, sets)
    if model is not None:
        rows = [_checked(registry.load(model), str(registry.resolve(model)))]
        problems: list[str] = []
    else:
        rows, problems = [], registry.findings()
        for name in aliases.names(entries := registry.read().entries):
            for version in sorted(aliases.versions(entries, name)):
                try:
                    rows.append(_checked(registry.load(f"models:/{name}/{version}"), f"models:/{name}/{version}"))
                except Misconfigured as error:
                    problems.append(str(error))
    if json:
        typer.echo(as_json({"verified": rows, "problems": problems}))
    else:
        for row in rows:
            typer.echo(f"{row['model']}: {row['golden']} golden vectors, equal {row['equal']}; {row['use']}")
        for problem in problems:
            typer.echo(problem, err=True)
    raise typer.Exit(Misconfigured.exit_code if problems else DONE)


@app.command(short_help="Make a version live, past the gates.")
def promote(
    model: Registered,
    why: Why,
    *,
    alias: Alias = "champion",
    override: Override = None,
    who: Who = None,
    json: Json = False,
    root: Root = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Make a version the one that an alias names, if it passes every check and every gate.

    Exit code 78 when it is refused; the message names the gate, the ledger keeps its numbers.
    """
    from models.registry.gates import GATES
    from models.registry.reference import alias_name
    from models.registry.registry import NotPromoted

    registry, person, named = registry_of(root, config, sets), by(who, why), alias_name(alias)
    try:
        entry = registry.promote(model, person, alias=named, gates=GATES, overrides=override or ())
    except NotPromoted as error:
        tell(error.entry, json)
        raise
    tell(entry, json)


@app.command(short_help="Go back to what was live before.")
def rollback(
    name: Name,
    why: Why,
    *,
    alias: Alias = "champion",
    who: Who = None,
    json: Json = False,
    root: Root = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Go back to the version that an alias named before, by the ledger. Again goes further back."""
    from models.registry.reference import alias_name

    tell(registry_of(root, config, sets).rollback(name, by(who, why), alias=alias_name(alias)), json)


@app.command("import", short_help="Take in a model of MLflow.")
def import_(
    folder: Annotated[
        Path, typer.Argument(help="A directory of MLflow, sklearn flavour, saved with skops; or an artefact.")
    ],
    name: Annotated[str, typer.Option("--name", help="The model's name in the registry.")],
    why: Why,
    *,
    who: Who = None,
    json: Json = False,
    root: Root = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Take a directory of MLflow, or an artefact from elsewhere, into the registry as the next version of NAME.

    It is checked like any other. A model of MLflow gets golden vectors and makes predictions for files and requests;
    it does not decide in the stream.
    """
    from models.registry.intake import take_in
    from models.registry.reference import model_name

    registry = registry_of(root, config, sets)
    resolved = take_in(registry, model_name(name), folder, by(who, why))
    if json:
        typer.echo(as_json({"model": str(resolved), "folder": str(resolved.folder), "digest": resolved.digest}))
    else:
        typer.echo(f"{resolved} is {str(resolved.digest)[:12]} in {resolved.folder}")


app.command("serve", short_help="Answer requests as MLflow's server does.", context_settings=serving.CONTEXT)(
    serving.serve
)


def _row(resolved: "Resolved", entry: "Entry") -> dict[str, object]:
    return {
        "name": resolved.name,
        "version": resolved.version,
        "aliases": list(resolved.aliases),
        "digest": resolved.digest,
        "at": entry.at,
        "who": entry.who,
        "why": entry.why,
        "folder": str(resolved.folder),
    }


def _checked(loaded: "Loaded", model: str) -> dict[str, object]:
    return {
        "model": model,
        "content": loaded.manifest.content,
        "golden": len(loaded.golden.margins),
        "equal": "to the last bit" if loaded.exact else "to 1e-12",
        "use": _use(loaded),
    }


def _use(loaded: "Loaded") -> str:
    if loaded.churn is not None:
        return "scores for customers"
    if loaded.manifest.predict_only:
        return "predictions alone"
    return "stream, files and requests" if loaded.exact else "files and requests"
