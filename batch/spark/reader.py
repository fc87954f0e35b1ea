"""What a task needs to read and score its part: small, and the same wherever the task runs."""

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from batch.history.files import File
from batch.history.formats import Format
from batch.history.parquet_pieces import cuts
from batch.nightly.source import Customers, Scores, Source
from models.artefact import folder as folders
from models.artefact.load import load
from models.churn.model import ChurnModel
from models.churn.registered import of
from schemas.errors import Misconfigured

PART_ROWS: Final = 1 << 18
"""Of a Parquet file; of other formats a file is one part, as nobody knows where its rows begin."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """An artefact as bytes; believed where it arrives only after all checks, and with this digest."""

    files: tuple[tuple[str, bytes], ...]
    trusted: tuple[str, ...]
    digest: str

    @classmethod
    def of(cls, folder: Path, trusted: Collection[str], digest: str) -> "Shipped":
        return cls(tuple(sorted(folders.read(folder).items())), tuple(trusted), digest)


@dataclass(frozen=True, slots=True)
class Reader:
    """Without `model` the files have scores."""

    key: str
    model: Shipped | None = None

    def source(self, files: Sequence[File]) -> Source:
        return Scores(files, self.key) if self.model is None else Customers(files, self.key, _loaded(self.model))


@dataclass(frozen=True, slots=True)
class Part:
    """`number` is that of its file among all that are read."""

    file: File
    number: int


def parts(files: Sequence[File]) -> tuple[Part, ...]:
    """In the order of the input."""
    return tuple(
        Part(part, number)
        for number, file in enumerate(files)
        for part in (cuts(file, PART_ROWS) if file.format is Format.PARQUET else [file])
    )


@lru_cache(maxsize=1)
def _loaded(shipped: Shipped) -> ChurnModel:
    """Once in each process."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in shipped.files:
            (Path(folder) / name).write_bytes(content)
        model = of(load(Path(folder), trusted=shipped.trusted), "the model that the driver sent")
    if model.digest != shipped.digest:
        raise Misconfigured(
            f"the model that arrived has the digest {model.digest[:12]}, not {shipped.digest[:12]}",
            fix="let driver and executors have the same version of this program",
        )
    return model
