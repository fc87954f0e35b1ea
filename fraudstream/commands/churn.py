"""`fraudstream churn`: who is likely to leave. Customers made up, a model trained on any table, judged, explained."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from fraudstream.commands.customers import Files, FormatOption, Key, Labelled, files_of, format_named
from fraudstream.commands.forms import filled
from fraudstream.commands.judging import Seed
from fraudstream.commands.ledger import Json, Root, Who, as_json, by, registry_of
from fraudstream.commands.options import Config, Set
from fraudstream.commands.progress import stages, to_stderr
from schemas.errors import Usage

if TYPE_CHECKING:
    from models.churn.report import ChurnReport

app = typer.Typer(
    help="Train, judge and explain churn models; customers to try them on.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Model = Annotated[
    str, typer.Option("--model", "-m", help="models:/name/3, models:/name@champion, models:/name/Production, a folder.")
]
USUAL: Final = 20_000
ESTIMATORS: Final = ("trees", "logistic")
STDOUT: Final = "-"

Why = Annotated[str, typer.Option("--why", help="The reason, in a sentence; the ledger keeps it.")]


@app.command(short_help="Make up customers, some of whom left.")
def customers(
    *,
    count: Annotated[int, typer.Option("--count", min=1, max=100_000_000, help="How many.")] = USUAL,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same customers.")] = 0,
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="The table; - is standard output.")] = STDOUT,
    style: Annotated[
        str | None, typer.Option("--format", help="parquet, csv, jsonl or avro [by the suffix; jsonl on stdout].")
    ] = None,
    unlabelled: Annotated[bool, typer.Option("--unlabelled", help="Without the column that says who left.")] = False,
) -> None:
    """Make up customers of a bank: habits, contracts, complaints, and whether they left since, which is partly chance.

    Ids are 1, 2, 3 …, as those of the customers of `fraudstream simulate`.
    """
    import sys
    from contextlib import nullcontext

    from batch.whole import whole
    from producer.customers import LABEL, SCHEMA
    from producer.customers import customers as make
    from producer.files import Format, format_of
    from producer.write import write

    told = format_named(style, [each.value for each in Format])
    kind = format_of(out, Format(told) if told else None)
    schema = SCHEMA.remove(SCHEMA.get_field_index(LABEL)) if unlabelled else SCHEMA
    if out != STDOUT and not Path(out).parent.is_dir():
        raise Usage(f"--out {out}: there is no such folder", fix="make it, or name a file elsewhere")
    with nullcontext(sys.stdout.buffer) if out == STDOUT else whole(Path(out)) as stream:
        rows = write(stream, make(count, seed, labelled=not unlabelled), kind, schema, "Customer")
    to_stderr(f"wrote {rows:,} made-up customers to {'standard output' if out == STDOUT else out} (seed {seed})")


@app.command(short_help="Train a churn model, judge it, register it.")
@filled(Labelled)
def train(
    told: Labelled,
    *,
    drop: Annotated[
        list[str] | None, typer.Option("--drop", metavar="COLUMN", help="Not to be learnt from; may be repeated.")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="The model's name in the registry.")] = "churn",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Write the artefact here, not registered.")
    ] = None,
    estimator: Annotated[str, typer.Option("--estimator", help="trees or logistic.")] = "trees",
    seed: Seed = 0,
    why: Why = "trained",
    who: Who = None,
    json: Json = False,
    root: Root = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Train a churn model on a table of customers, judge it on a fifth of them that is held back, register it.

    Numbers, categories and ids are recognised, blanks are values not known: nothing but the label need be said.
    """
    began = time.monotonic()
    if estimator not in ESTIMATORS:
        raise Usage(f"--estimator {estimator}: there is none of that name", fix=f"choose {' or '.join(ESTIMATORS)}")
    if out is not None and out.exists():
        raise Usage(f"--out {out}: something is there already", fix="name a folder that does not exist")
    from fraudstream.churn.gathering import gather
    from fraudstream.churn.training import Order, make
    from models.churn.learning import Recipe
    from models.registry.reference import model_name

    registry, author = registry_of(root, config, sets), by(who, why)
    order = Order(model_name(name), Recipe(estimator, seed, tuple(drop or ())), told.files or ())
    with told.rejecting() as rejects, stages(lambda: None) as say:
        say("reading", 0)
        table = gather(told.origin(rejects), to_stderr)
        for column in order.recipe.besides:
            if column not in table.rows.schema.names:
                raise Usage(f"--drop {column}: there is no such column", fix="leave it out, or correct the name")
        made = make(order, table, registry, say, to_stderr)
    if out is not None:
        kept = f"{made.write(out, author.at)[:12]} is in {out}"
    else:
        resolved = made.register(registry, author)
        kept = (
            f"{resolved} is {str(resolved.digest)[:12]}\nsee it: fraudstream models show {resolved}\n"
            f"make it live, past the gates: fraudstream models promote {resolved} --why ..."
        )
    _tell(made.report, json)
    to_stderr(f"done in {time.monotonic() - began:.1f} s: {kept}")


@app.command(short_help="Judge a churn model on labelled customers.")
@filled(Labelled)
def evaluate(
    told: Labelled,
    *,
    model: Model = "models:/churn@champion",
    against: Annotated[
        str | None,
        typer.Option(
            "--against", metavar="MODEL", help="Judge this one beside it; champion: what is live of its name."
        ),
    ] = None,
    everybody: Annotated[
        bool, typer.Option("--everybody", help="Judge by all customers, as none of them taught: of a later time, say.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Gets report.json and model_card.md.")
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Register the model anew with this evidence, for `models promote`.")
    ] = False,
    why: Why = "judged again",
    who: Who = None,
    json: Json = False,
    root: Root = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Judge a churn model by those of the customers that it held back when it was trained, known by their ids."""
    began = time.monotonic()
    if out is not None and out.exists():
        raise Usage(f"--out {out}: something is there already", fix="name a folder that does not exist")
    from fraudstream.churn.evaluating import Question, answer
    from fraudstream.churn.gathering import gather

    registry, author = registry_of(root, config, sets), by(who, why)
    with told.rejecting() as rejects, stages(lambda: None) as say:
        say("reading", 0)
        table = gather(told.origin(rejects), to_stderr)
        say("judging", len(table))
        found = answer(Question(model, against, everybody, told.files or ()), table, registry, to_stderr)
    if out is not None:
        found.write(out)
    if record:
        resolved = found.record(registry, author)
        to_stderr(f"{resolved} has this evidence: fraudstream models promote {resolved} --why ...")
    _tell(found.report, json)
    to_stderr(f"done in {time.monotonic() - began:.1f} s")


@app.command(short_help="Tell which columns moved a customer's score.")
def explain(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The id.")],
    files: Files,
    *,
    model: Model = "models:/churn@champion",
    key: Key = None,
    style: FormatOption = None,
    json: Json = False,
    root: Root = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Score a customer's row, and tell by how much each column moved the score from where it would be if it were usual.

    Usual is the median in training, or the most frequent category. Effects do not add up: each is of one column alone.
    """
    from fraudstream.churn.explaining import explain as take_apart
    from models.churn.registered import load
    from schemas.churn import to_text

    scores = load(registry_of(root, config, sets), model)
    found = take_apart(customer, files_of(files, style), key, scores)
    moved = {each.column: each.by for each in found.moved}
    if json:
        said = {"customer": customer, "place": found.place, "score": to_text(found.score), "moved_millionths": moved}
        typer.echo(as_json(said))
        return
    typer.echo(f"{customer}: {to_text(found.score)} ({found.place})")
    for name, effect in moved.items():
        value = found.values[name]
        typer.echo(
            f"  {'-' if effect < 0 else '+'}{to_text(abs(effect))}  {name} = {'(blank)' if value is None else value}"
        )


def _tell(report: "ChurnReport", json: bool) -> None:
    from fraudstream.evaluation import show_tables
    from models.churn.tables import heading, tables

    if json:
        typer.echo(report.to_bytes().decode(), nl=False)
    else:
        show_tables(heading(report), tables(report))
