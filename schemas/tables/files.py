"""Files as tables, some rows at a time: memory does not grow with the file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.table_formats import Format
from schemas.tables import csv_rows, json_rows, shapes
from schemas.tables.table import BadTable, Column, Kind, Source, Table

ROWS: Final = 16_384
MOST_SAID: Final = 200


@dataclass(frozen=True, slots=True)
class Lying:
    """A file of this machine; what gzip packed comes out whole. `name` is what messages call it."""

    path: Path
    name: str = ""
    told: bool = True

    def open(self) -> IO[bytes]:
        return cast("IO[bytes]", pa.input_stream(str(self.path)))

    def __str__(self) -> str:
        return self.name or str(self.path)


def pieces(source: Lying, form: Format) -> Iterator[Table]:
    """In the order of the file. At least one table, so that the names of its columns are known."""
    if form is Format.PARQUET:
        return _parquet(source)
    return csv_rows.tables(source) if form is Format.CSV else json_rows.tables(source)


def _parquet(source: Lying) -> Iterator[Table]:
    read = 0
    try:
        with source.path.open("rb") as stream, pq.ParquetFile(stream) as file:
            names = _names(source, file)
            for cells in file.iter_batches(ROWS):
                yield Table.of(names, [Column(each, Kind.TYPED) for each in cells.columns], cells.num_rows, read)
                read += cells.num_rows
            if not read:
                none = [Column(pa.array([], each.type), Kind.TYPED) for each in file.schema_arrow]
                yield Table.of(names, none, 0)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BadTable(
            f"{source} cannot be read after row {read}: {error!s:.{MOST_SAID}}",
            fix="check that it is a Parquet file, and whole",
        ) from error


def _names(source: Source, file: pq.ParquetFile) -> list[str]:
    try:
        return shapes.once(file.schema_arrow.names)
    except BadTable as error:
        raise BadTable(f"{source}: {error.message}", fix="rename or remove one of them") from None
