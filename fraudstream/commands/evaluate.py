"""`fraudstream evaluate`: a model that exists, judged on labelled transactions of any origin."""

import time
from pathlib import Path
from typing import Annotated

import typer

from fraudstream.commands.forms import filled
from fraudstream.commands.history import Told, history_of
from fraudstream.commands.judging import Json, Scores, Seed, kind_of, tell
from fraudstream.commands.ledger import Root, Who, by, registry_of
from fraudstream.commands.progress import stages, to_stderr
from fraudstream.commands.windows import Aimed, Windowed
from schemas.errors import Usage

Model = Annotated[
    str, typer.Option("--model", "-m", help="models:/name/3, models:/name@champion, models:/name/Production, a folder.")
]
Against = Annotated[
    str | None,
    typer.Option("--against", metavar="MODEL", help="Judge this one beside it; champion: what is live of its name."),
]
Kind = Annotated[
    str | None, typer.Option("--kind", help="Thresholds it is judged at: recall, cost or budget [its live policy].")
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FOLDER", help="Gets report.json, model_card.md and the plots.")
]
Record = Annotated[
    bool, typer.Option("--record", help="Register the model anew with this evidence, for `models promote`.")
]
Why = Annotated[str, typer.Option("--why", help="With --record: the reason, in a sentence; the ledger keeps it.")]


@filled(Told, Windowed, Aimed)
def evaluate(
    told: Told,
    windowed: Windowed,
    aimed: Aimed,
    *,
    model: Model = "models:/fraud@champion",
    against: Against = None,
    kind: Kind = None,
    seed: Seed = 0,
    out: Out = None,
    scores_out: Scores = None,
    record: Record = False,
    why: Why = "judged again",
    who: Who = None,
    json: Json = False,
    root: Root = None,
) -> None:
    """Judge a model on the last test days of labelled transactions, beside logistic regression, rules, and another.

    With --train 0 nothing is trained for comparison, and the data need not reach back so far.
    """
    began, wanted = time.monotonic(), None if kind is None else kind_of(kind)
    windows, aims, settings = windowed.windows(), aimed.aims(), told.settings()
    from fraudstream import row_scores
    from fraudstream.evaluating import Bench, Question

    registry, author = registry_of(root, told.config, told.sets), by(who, why)
    if scores_out is not None:
        row_scores.check(scores_out)
    if out is not None and out.exists():
        raise Usage(f"--out {out}: something is there already", fix="name a folder that does not exist")
    if against == "champion":
        against = f"models:/{registry.resolve(model).name}@champion"
    with history_of(told, settings, to_stderr) as history, stages(lambda: history.share) as say:
        question = Question(model, windows, aims, wanted, seed, against)
        answer = Bench(history, settings, registry, say, to_stderr).answer(question)
    to_stderr(str(history.account))
    if scores_out is not None:
        rows = row_scores.write(scores_out, answer.ground.past, answer.ground.split, answer.player)
        to_stderr(f"wrote the scores of {rows:,} rows to {scores_out}")
    tell(answer.judged.report, json)
    if out is not None:
        answer.write(out)
        to_stderr(f"report, model card and plots are in {out}")
    if record:
        resolved = answer.record(registry, author)
        to_stderr(f"recorded as {resolved}; past the gates: fraudstream models promote {resolved} --why ...")
    to_stderr(f"done in {time.monotonic() - began:.1f} s")
