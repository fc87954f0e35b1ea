"""Some rows of a file as columns of whatever types it has."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batch.history.files import File
from schemas.errors import Usage
from schemas.repeated import repeated
from schemas.tables.table import Bad

ROWS: Final = 65_536

Choose = Callable[[File, Sequence[str]], Mapping[str, str]]
"""From a file's column names to the ones that are wanted: field to column."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """`numbers` are those of the rows in `cells`; `bad` are rows beside them; `columns` is from field to column."""

    file: File
    cells: pa.RecordBatch
    numbers: NDArray[np.int64]
    columns: Mapping[str, str]
    untyped: bool = False
    """Cells are text because the format has nothing else: an empty one is none, 12.0 may be the number 12."""
    bad: Sequence[Bad] = field(default=())

    @property
    def last(self) -> int:
        """The highest row number."""
        return max(int(self.numbers[-1]) if len(self.numbers) else 0, *(each.number for each in self.bad), 0)


def numbered(first: int, size: int) -> NDArray[np.int64]:
    return np.arange(first, first + size)


def once(names: Sequence[str], file: File) -> None:
    """Refuses a file in which a name stands for two columns."""
    if twice := repeated(names):
        raise Usage(f"{file}: two columns are called {', '.join(twice)}", fix="rename or remove one of them")
