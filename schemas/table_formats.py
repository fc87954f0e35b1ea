"""What kinds of files and bodies there are. Imports nothing, so that a command line can name them at once."""

from enum import StrEnum
from pathlib import Path
from typing import Final


class Format(StrEnum):
    JSON = "json"
    """One document, in any of the shapes of MLflow; or an object, a list or a value in each line."""
    CSV = "csv"
    PARQUET = "parquet"


SUFFIXES: Final = {
    ".json": Format.JSON,
    ".jsonl": Format.JSON,
    ".ndjson": Format.JSON,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
}
PACKED: Final = ".gz"


def format_of(path: Path) -> Format | None:
    """By its suffix; what gzip packed is what it was."""
    packed = path.suffix.lower() == PACKED
    found = SUFFIXES.get((path.with_suffix("") if packed else path).suffix.lower())
    return None if packed and found is Format.PARQUET else found
