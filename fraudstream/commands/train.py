"""`fraudstream train`: a candidate from labelled transactions, judged and registered."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fraudstream.commands.forms import filled
from fraudstream.commands.history import Told, history_of
from fraudstream.commands.judging import Json, Kind, Scores, Seed, kind_of, tell
from fraudstream.commands.ledger import Root, Who, by, registry_of
from fraudstream.commands.progress import stages, to_stderr
from fraudstream.commands.windows import Aimed, Windowed
from schemas.errors import Usage

if TYPE_CHECKING:
    from models.registry.registry import Resolved

Name = Annotated[str, typer.Option("--name", help="The model's name in the registry.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help="Write the artefact here, not registered.")]
Estimator = Annotated[str, typer.Option("--estimator", help="trees, logistic, or module:function of your own.")]
Why = Annotated[str, typer.Option("--why", help="The reason, in a sentence; the ledger keeps it.")]


@filled(Told, Windowed, Aimed)
def train(
    told: Told,
    windowed: Windowed,
    aimed: Aimed,
    *,
    name: Name = "fraud",
    out: Out = None,
    estimator: Estimator = "trees",
    seed: Seed = 0,
    kind: Kind = "cost",
    why: Why = "trained",
    who: Who = None,
    scores_out: Scores = None,
    json: Json = False,
    root: Root = None,
) -> None:
    """Train a model on labelled transactions, pick thresholds on later days, judge it on the latest, register it.

    Events and labels are passed through once, in the order of arrival; at each point only what was known by then is
    used. The last test days judge it beside logistic regression, the rules alone, and what is live.
    """
    began, wanted = time.monotonic(), kind_of(kind)
    windows, aims, settings = windowed.windows(), aimed.aims(), told.settings()
    from fraudstream import row_scores
    from fraudstream.training import Order, Workshop
    from models.registry.reference import model_name
    from models.training import estimators
    from models.training.train import Recipe

    recipe = Recipe(estimators.factory(estimator), seed, aims, wanted)
    registry, author = registry_of(root, told.config, told.sets), by(who, why)
    if scores_out is not None:
        row_scores.check(scores_out)
    if out is not None and out.exists():
        raise Usage(f"--out {out}: something is there already", fix="name a folder that does not exist")
    with history_of(told, settings, to_stderr) as history, stages(lambda: history.share) as say:
        order = Order(model_name(name), recipe, windows, estimator)
        made = Workshop(history, settings, registry, say, to_stderr).make(order)
    to_stderr(str(history.account))
    tell(made.judged.report, json)
    kept = f"{made.write(out, author.at)[:12]} is in {out}" if out else _registered(made.register(registry, author))
    if scores_out is not None:
        rows = row_scores.write(scores_out, made.ground.past, made.ground.split, made.player)
        to_stderr(f"wrote the scores of {rows:,} rows to {scores_out}")
    to_stderr(f"done in {time.monotonic() - began:.1f} s: {kept}")


def _registered(resolved: "Resolved") -> str:
    return (
        f"{resolved} is {str(resolved.digest)[:12]}\nsee it: fraudstream models show {resolved}\n"
        f"make it live, past the gates: fraudstream models promote {resolved} --why ..."
    )
