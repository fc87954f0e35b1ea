"""What `train` and `evaluate` share: thresholds of which kind, row scores, and how a report is told."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from schemas.errors import Usage

if TYPE_CHECKING:
    from models.judging.figures import Report

Kinds = Literal["recall", "cost", "budget"]

Kind = Annotated[str, typer.Option("--kind", help="Thresholds that it is judged at: recall, cost or budget.")]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="The same seed and data give the same.")]
Scores = Annotated[
    Path | None, typer.Option("--scores-out", metavar="FILE", help="Gets the score of every row: .parquet or .csv.")
]
Json = Annotated[bool, typer.Option("--json", help="The report as JSON instead of tables.")]


def kind_of(text: str) -> Kinds:
    for kind in get_args(Kinds):
        if text == kind:
            found: Kinds = kind
            return found
    raise Usage(f"--kind {text}: there is none of that name", fix=f"choose {', '.join(get_args(Kinds))}")


def tell(report: "Report", json: bool) -> None:
    from fraudstream.evaluation import show

    if json:
        typer.echo(report.to_bytes().decode(), nl=False)
    else:
        show(report)
