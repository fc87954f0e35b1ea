"""`fraudstream features`: the training table of labelled transactions of any origin."""

import time
from pathlib import Path
from typing import Annotated

import typer

from fraudstream.commands.forms import filled
from fraudstream.commands.history import Told, history_of
from fraudstream.commands.progress import stages, to_stderr
from schemas.errors import Usage

Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="The table, a Parquet file; there whole or not.")]

SUFFIXES = (".parquet", ".pq")


@filled(Told)
def features(told: Told, *, out: Out) -> None:
    """Write what was known of each transaction as of its own time, every feature by name, and the verdict since.

    The folds are those of the scorer, so a table of transactions from anywhere shows what a model would have seen.
    """
    from batch.features import write
    from models.bank import Bank

    if out.suffix.lower() not in SUFFIXES:
        raise Usage(f"--out {out}: the table is a Parquet file", fix="give it a name that ends in .parquet")
    began, settings = time.monotonic(), told.settings()
    with history_of(told, settings, to_stderr) as history:
        with stages(lambda: history.share) as say:
            written = write(history, Bank.of(settings), out, say)
        rejected = sum(history.account.rejected.values())
        to_stderr(str(history.account))
    seconds = time.monotonic() - began
    to_stderr(
        f"wrote {written.rows:,} rows, {written.verdicts:,} of them with a verdict, {rejected:,} rejected, to {out} "
        f"(sha256 {written.sha256}) in {seconds:.1f} s"
    )
