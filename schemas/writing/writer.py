"""Columns to wire bytes: many records of a contract in one go, each with the bytes that fastavro gives it."""

from collections.abc import Hashable, Iterator, Mapping
from functools import lru_cache
from io import BytesIO
from typing import Any, Final

import numpy as np
from fastavro import parse_schema, schemaless_writer
from numpy.typing import NDArray

from schemas.contracts import Contract
from schemas.lot.buffers import texts
from schemas.lot.table import AvroType
from schemas.writing.cells import Cells, Doubles, DoublesOrNull, Longs, Named, Picked, Same, Text, Vectors
from schemas.writing.page import Page

KEPT: Final = 4_096
"""Encoded values that are the same in many rows: names, lists of reasons."""


class Writer:
    """`header` stands before every record. Cells are given by the path of their field, as in `source.topic`."""

    def __init__(self, contract: Contract, header: bytes) -> None:
        self._header = header
        self._types = dict(_leaves(contract.schema["fields"]))
        self._encoders = {path: parse_schema(each) for path, each in self._types.items()}
        self._bytes = lru_cache(KEPT)(self._encoded)

    def values(self, cells: Mapping[str, Cells], rows: NDArray[np.int64]) -> list[bytes]:
        """Of these rows, in their order."""
        if not len(rows):
            return []
        page = Page(rows)
        page.fixed(self._header)
        for path in self._types:
            self._lay(page, path, cells[path])
        return page.written()

    def _lay(self, page: Page, path: str, cell: Cells) -> None:
        match cell:
            case Same(value):
                page.fixed(self._bytes(path, value))
            case Text(column):
                page.text(texts(column))
            case Longs(values):
                page.longs(values)
            case Doubles(values):
                page.doubles(values)
            case DoublesOrNull(values, there):
                page.maybe(there)
                page.doubles(values)
            case Vectors(matrix):
                page.vectors(matrix)
            case Picked(which, choices):
                page.picked(which, [self._bytes(path, each) for each in choices])
            case Named(bits, names):
                page.named(bits, [self._item(path, each) for each in names])

    def _encoded(self, path: str, value: Hashable) -> bytes:
        buffer = BytesIO()
        schemaless_writer(buffer, self._encoders[path], value)
        return buffer.getvalue()

    def _item(self, path: str, name: str) -> bytes:
        """As it stands in an array: that of it alone begins with a count, and ends with one, a byte each."""
        return self._bytes(path, (name,))[1:-1]


def _leaves(fields: list[dict[str, Any]], within: str = "") -> Iterator[tuple[str, AvroType]]:
    """Fields that are no records, each by its path."""
    for field in fields:
        path, avro_type = f"{within}{field['name']}", field["type"]
        if isinstance(avro_type, dict) and avro_type["type"] == "record":
            yield from _leaves(avro_type["fields"], f"{path}.")
        else:
            yield path, avro_type
