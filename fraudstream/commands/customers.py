"""Which customers a command reads, and what is said of them: options that several commands share."""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch.history.files import File
    from batch.history.rejects import Rejects
    from fraudstream.churn.gathering import Origin

Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="FILE", help="Customers: Parquet, CSV or JSON lines; a folder, or s3://… and the like."),
]
FormatOption = Annotated[
    str | None, typer.Option("--format", help="What the files are: parquet, csv, jsonl or avro [by their suffix].")
]
Label = Annotated[str, typer.Option("--label", metavar="COLUMN", help="The column that says who left.")]
Positive = Annotated[
    str | None,
    typer.Option("--positive", metavar="VALUE", help="Its value for those who left [yes, true, 1, churned or left]."),
]
Key = Annotated[
    str | None,
    typer.Option("--id", metavar="COLUMN", help="The column of ids [the one that tells customers apart]."),
]
Rejected = Annotated[
    Path | None, typer.Option("--rejects", metavar="FILE", help="Gets each row that cannot be used, and why.")
]
MostRejected = Annotated[
    float, typer.Option("--max-rejects", min=0.0, max=1.0, help="The share of rows that may be unusable.")
]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Customers of whom it is known whether they left."""

    files: Files = None
    label: Label = "churned"
    positive: Positive = None
    key: Key = None
    style: FormatOption = None
    rejects: Rejected = None
    max_rejects: MostRejected = 0.001

    def origin(self, rejects: "Rejects") -> "Origin":
        from fraudstream.churn.gathering import Origin

        return Origin(files_of(self.files, self.style), self.label, self.positive, self.key, rejects)

    @contextmanager
    def rejecting(self) -> "Iterator[Rejects]":
        """What counts rows that cannot be used, and writes them down where that is asked for."""
        from batch.history.rejects import Rejects

        if self.rejects is None:
            yield Rejects(self.max_rejects)
            return
        try:
            stream = self.rejects.open("w", encoding="utf-8")
        except OSError as error:
            raise Usage(f"--rejects {self.rejects}: {error.strerror}", fix="name a file that can be written") from error
        with stream:
            yield Rejects(self.max_rejects, stream)


def files_of(names: list[str] | None, style: str | None) -> "list[File]":
    from batch.history.files import found
    from batch.history.formats import Format

    if not names:
        raise Usage("there is nothing to read", fix="name files of customers")
    told = format_named(style, [each.value for each in Format])
    return found(names, Format(told) if told else None)


def format_named(text: str | None, known: list[str]) -> str | None:
    if text is not None and text not in known:
        raise Usage(f"--format {text}: there is none of that name", fix=f"choose {', '.join(known)}")
    return text
