"""Parquet files, only the columns that are wanted, some rows at a time."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from batch.history.files import Cut, File
from batch.history.pieces import ROWS, Choose, Piece, numbered, once
from batch.history.stores import as_it_lies
from schemas.errors import Usage

MOST_SAID: Final = 200


def read(file: File, choose: Choose) -> Iterator[Piece]:
    number = file.cut.before + 1 if file.cut else 1
    groups = list(file.cut.groups) if file.cut else None
    try:
        with as_it_lies(file) as stream, pq.ParquetFile(stream) as opened:
            names = opened.schema_arrow.names
            once(names, file)
            columns = choose(file, names)
            wanted = list(dict.fromkeys(columns.values()))
            for cells in opened.iter_batches(ROWS, row_groups=groups, columns=wanted):
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


def cuts(file: File, least: int) -> list[File]:
    """Its parts, in order, each of whole row groups with `least` rows or more but the last; what cannot be read now is
    one part.
    """
    try:
        with as_it_lies(file) as stream:
            about = pq.read_metadata(stream)
            sizes = [about.row_group(number).num_rows for number in range(about.num_row_groups)]
    except (pa.ArrowException, OSError):
        return [file]
    found: list[File] = []
    begin = before = held = 0
    for number, size in enumerate(sizes):
        held += size
        if held >= least or number == len(sizes) - 1:
            found.append(replace(file, cut=Cut(tuple(range(begin, number + 1)), before)))
            begin, before, held = number + 1, before + held, 0
    return found or [file]
