"""Parquet files, only the columns that are wanted, some rows at a time."""

from collections.abc import Iterator
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from batch.history.files import File
from batch.history.pieces import ROWS, Choose, Piece, numbered, once
from batch.history.stores import as_it_lies
from schemas.errors import Usage

MOST_SAID: Final = 200


def read(file: File, choose: Choose) -> Iterator[Piece]:
    number = 1
    try:
        with as_it_lies(file) as stream, pq.ParquetFile(stream) as opened:
            names = opened.schema_arrow.names
            once(names, file)
            columns = choose(file, names)
            wanted = list(dict.fromkeys(columns.values()))
            for cells in opened.iter_batches(ROWS, columns=wanted):
                yield Piece(file, cells, numbered(number, cells.num_rows), columns)
                number += cells.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Usage(
            f"{file} cannot be read after row {number - 1}: {error!s:.{MOST_SAID}}",
            fix="check that it is a Parquet file, and whole",
        ) from error


def rows(file: File) -> int:
    """How many the file says it has; 0 where it cannot be asked."""
    try:
        with as_it_lies(file) as stream:
            return int(pq.read_metadata(stream).num_rows)
    except (pa.ArrowException, OSError):
        return 0
