"""CSV files, only the columns that are wanted, some rows at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from batch.history.files import File
from batch.history.pieces import Choose, Piece
from batch.history.stores import unpacked
from schemas.tables import csv_rows


@dataclass(frozen=True, slots=True)
class _Lying:
    file: File
    told: bool = True

    def open(self) -> IO[bytes]:
        return unpacked(self.file)

    def __str__(self) -> str:
        return str(self.file)


def read(file: File, choose: Choose) -> Iterator[Piece]:
    columns: Mapping[str, str] = {}

    def chosen(names: Sequence[str]) -> list[str]:
        nonlocal columns
        columns = choose(file, names)
        return list(columns.values())

    for cut in csv_rows.read(_Lying(file), chosen):
        yield Piece(file, cut.cells, cut.numbers, columns, untyped=True, bad=cut.bad)
