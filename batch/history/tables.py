"""Files of any of the formats, piece by piece."""

from collections.abc import Iterator, Sequence

from batch.history import csv_pieces, object_pieces, parquet_pieces
from batch.history.files import File
from batch.history.formats import Format
from batch.history.object_pieces import OPTIONAL
from batch.history.pieces import Choose, Piece


def pieces(files: Sequence[File], choose: Choose, later: Sequence[str] = OPTIONAL) -> Iterator[Piece]:
    """`later` are columns that objects may have though the first ones do not."""
    for file in files:
        if file.format is Format.PARQUET:
            yield from parquet_pieces.read(file, choose)
        elif file.format is Format.CSV:
            yield from csv_pieces.read(file, choose)
        else:
            yield from object_pieces.read(file, choose, later)
