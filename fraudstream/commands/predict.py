"""`fraudstream models predict`: a file of rows in, a file of predictions out."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Final

import typer

from fraudstream.commands.ending import tidied
from fraudstream.commands.ledger import Root, settings_with
from fraudstream.commands.options import Config, Set
from fraudstream.commands.progress import stages, to_stderr
from schemas.errors import Usage
from schemas.table_formats import Format

if TYPE_CHECKING:
    from batch.predicting.run import Done, Job
    from batch.predicting.ways import Way
    from models.predicting.transactions import Fold
    from schemas.settings import Settings

EVEN: Final = 0.5

ModelUri = Annotated[
    str,
    typer.Option("-m", "--model-uri", metavar="MODEL", help="models:/name/Production, models:/name/3, or a folder."),
]
Input = Annotated[str | None, typer.Option("-i", "--input-path", metavar="FILE", help="The rows [standard input].")]
Output = Annotated[
    str | None, typer.Option("-o", "--output-path", metavar="FILE", help="Their predictions [standard output].")
]
Content = Annotated[
    Format | None,
    typer.Option("-t", "--content-type", help="Format of the rows [by the suffix; of standard input: json]."),
]
Threshold = Annotated[
    float,
    typer.Option("--threshold", help="Score from which a row is of the positive class [0.5, as the model's own]."),
]
RejectsFile = Annotated[
    Path | None,
    typer.Option("--rejects", metavar="FILE", help="Rows without a prediction [the output's name and .rejects.jsonl]."),
]
History = Annotated[
    list[Path] | None,
    typer.Option("--history", metavar="FILE", help="Raw transactions: what their cards did before. May be repeated."),
]
Labels = Annotated[
    list[Path] | None,
    typer.Option("--labels", metavar="FILE", help="Raw transactions: the verdicts known so far. May be repeated."),
]
MaxRejects = Annotated[
    float, typer.Option("--max-rejects", help="Share of the rows that may be without one before the exit code says so.")
]


def predict(
    model: ModelUri,
    input_path: Input = None,
    output_path: Output = None,
    content_type: Content = None,
    *,
    threshold: Threshold = EVEN,
    rejects: RejectsFile = None,
    max_rejects: MaxRejects = 0.0,
    history: History = None,
    labels: Labels = None,
    root: Root = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Predict every row of a CSV, JSON or Parquet file with a registered model, in any number of rows.

    CSV and Parquet keep the columns that the model does not take (ids, dates) beside `prediction` and `score`; JSON is
    {"predictions": [...]}. Rows that the model cannot take are left out, and listed with their reasons beside the
    output. The output is there whole or not at all. Exit code 64 when a row is without a prediction.

    With --history or --labels the rows are raw transactions, scored as the stream scores them: with all that is known
    of their cards, by the model's own policy.
    """
    from batch.predicting import places
    from fraudstream.logs import configure

    if not 0.0 <= max_rejects <= 1.0:
        raise Usage(f"--max-rejects {max_rejects:g} is no share", fix="give a number from 0 to 1")
    if input_path not in {None, places.STDIN}:
        places.check_input(str(input_path))
    elif sys.stdin.isatty():
        raise Usage("the rows would come from the keyboard", fix="name a file with -i, or send one to standard input")
    form = places.form_of(input_path, content_type)
    kept = _apart(input_path, output_path, rejects, history or [], labels or [])
    settings = settings_with(root, config, sets)
    configure(settings)
    if history or labels:
        way = of_transactions(model, threshold, history or [], labels or [], settings)
    else:
        way = _of_model(model, threshold, settings)
    with (
        tidied(),
        places.readable(input_path, form) as source,
        _outlet(output_path, form, content_type) as (outlet, said, written),
    ):
        from batch.predicting.run import Job

        _settle(Job(source, form, outlet, written, kept), way, said, max_rejects)


def _apart(
    source: str | None, output: str | None, rejects: Path | None, history: list[Path], labels: list[Path]
) -> Path | None:
    """Where the rejects go, once it is known that nothing is written over what is read, or over another output."""
    from batch.predicting import places

    read = [("-i", Path(source), "the input")] if source is not None and source != places.STDIN else []
    read += [("--history", each, "a file of the history") for each in history]
    read += [("--labels", each, "a file of the labels") for each in labels]
    written, option = [], "--rejects"
    if output is not None and output != places.STDIN:
        path = places.check_output(output)
        written = [("-o", path, "the output")]
        if rejects is None and places.is_plain(path):
            rejects, option = places.rejects_beside(path), "the file of rejects"
    if rejects is not None:
        written.append((option, places.check_output(str(rejects), option), "the file of rejects"))
    places.check_apart(written, read)
    return rejects


def _of_model(model: str, threshold: float, settings: "Settings") -> "Way":
    from batch.predicting.ways import OfModel
    from models.predicting.predictor import Predictor
    from models.registry.registry import Registry

    registry = Registry(settings.models.root.expanduser(), settings.models.trusted)
    predictor = Predictor.load(registry, model)
    predictor.check("both", threshold)
    return OfModel(predictor, threshold)


def of_transactions(
    model: str, threshold: float, history: list[Path], labels: list[Path], settings: "Settings"
) -> "Way":
    """Files are named before anything is loaded: a wrong one is said at once."""
    from batch.predicting import places
    from batch.predicting.transactions import OfTransactions, learn, remember

    if threshold != EVEN:
        raise Usage("raw transactions have the thresholds of their model's policy", fix="leave --threshold out")
    files = [(take, path, _named(path)) for take, some in ((learn, labels), (remember, history)) for path in some]
    fold = _fold(model, settings)
    for take, path, form in files:
        with places.readable(str(path), form) as source:
            found = take(fold, source, form)
        to_stderr(f"{path}: {found.rows:,} rows" + (f", {found.refused:,} of no use" if found.refused else ""))
    return OfTransactions(fold)


def _named(path: Path) -> Format:
    from batch.predicting import places

    places.check_input(str(path))
    return places.form_of(str(path), None)


def _fold(model: str, settings: "Settings") -> "Fold":
    """What decides in the stream with that model, and a memory of its own."""
    from consumer.deciding import live
    from models.bank import Bank
    from models.predicting.transactions import Fold
    from models.registry.registry import Registry
    from schemas.lot import Checks

    if not model.startswith("models:/"):
        fix = "register it and give it a policy, then name it as models:/name/1"
        raise Usage(f"-m {model} has no policy, so it decides no transactions", fix=fix)
    registry = Registry(settings.models.root.expanduser(), settings.models.trusted)
    live_as = {"live": str(registry.resolve(model))}
    named = settings.model_copy(update={"models": settings.models.model_copy(update=live_as)})
    return Fold(Bank.of(settings), live(named), checks=Checks(reject_pans=settings.checks.reject_pans))


@contextmanager
def _outlet(name: str | None, form: Format, told: Format | None) -> Iterator[tuple[Path | IO[bytes], str, Format]]:
    """Where to, what it is called, and of which format it is: of that of the input where no suffix says another."""
    from batch.predicting import places

    if name in {None, places.STDIN}:
        if form is Format.PARQUET and sys.stdout.isatty():
            raise Usage("Parquet is nothing for a terminal", fix="name a file with -o, such as predictions.csv")
        yield sys.stdout.buffer, "standard output", form
        return
    path = Path(str(name))
    written = places.output_form(path, told, form)
    if places.is_plain(path):
        yield path, str(path), written
        return
    with path.open("wb") as stream:
        yield stream, str(path), written


def _settle(job: "Job", way: "Way", said: str, most: float) -> None:
    from time import perf_counter

    from batch.predicting.run import run

    began = perf_counter()
    with stages(lambda: None) as say:
        done = run(job, way, say)
    line = _closing(done, said, perf_counter() - began)
    typer.echo(line, err=not isinstance(job.output, Path))
    if done.rejects.total > most * done.read:
        where = f"; all of them are in {job.rejects}" if job.rejects else "; --rejects FILE lists them all"
        raise Usage(
            f"{done.rejects.total:,} of {done.read:,} rows have no prediction {done.rejects.told()}",
            fix=f"correct them and predict again, or allow more with --max-rejects{where}",
        )
    if done.rejects.total:
        to_stderr(f"{done.rejects.total:,} rows have no prediction {done.rejects.told()}")


def _closing(done: "Done", path: str, seconds: float) -> str:
    return (
        f"{done.written:,} of {done.read:,} rows predicted, {done.rejects.total:,} rejects: {path} "
        f"sha256={done.sha256} in {seconds:.2f} s"
    )
