"""Many records at once: columns in, the wire bytes of each record out."""

from schemas.writing.cells import Cells, Column, Doubles, DoublesOrNull, Longs, Named, Picked, Same, Text, Vectors
from schemas.writing.page import warm
from schemas.writing.writer import Writer

__all__ = [
    "Cells",
    "Column",
    "Doubles",
    "DoublesOrNull",
    "Longs",
    "Named",
    "Picked",
    "Same",
    "Text",
    "Vectors",
    "Writer",
    "warm",
]
