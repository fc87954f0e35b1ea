"""Columns to wire bytes: many records of a contract in one go, each with the bytes that fastavro gives it."""

from collections.abc import Hashable, Iterator, Mapping
from functools import lru_cache
from io import BytesIO
from typing import Any, Final

import numpy as np
from fastavro import parse_schema, schemaless_writer

from schemas.contracts import Contract
from schemas.lot.table import AvroType
from schemas.writing.cells import Cells, Named, Same
from schemas.writing.form import Form
from schemas.writing.kernel import Ints
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
        self._last: list[Hashable] | None = None
        self._formed = (Form(), np.zeros((0, 4), np.int64))

    def values(self, cells: Mapping[str, Cells], rows: Ints) -> list[bytes]:
        """Of these rows, in their order."""
        if not len(rows):
            return []
        form, ops = self._form(cells)
        page = Page(form, ops, rows, self._bytes)
        for path, kind, op, slot in form.steps:
            page.put(path, kind, op, slot, cells[path])
        return page.written()

    def _form(self, cells: Mapping[str, Cells]) -> tuple[Form, Ints]:
        """The last one, as long as it does: what is the same in all rows changes with the model, or once a day."""
        shared = [cells[path].form for path in self._types]
        if shared != self._last:
            form = Form()
            form.same(self._header)
            for path in self._types:
                cell = cells[path]
                if isinstance(cell, Same):
                    form.same(self._bytes(path, cell.value))
                else:
                    names = cell.names if isinstance(cell, Named) else ()
                    form.put(path, cell, [self._item(path, each) for each in names])
            self._last, self._formed = shared, (form, form.operations())
        return self._formed

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
