"""Cells of a CSV file as the contract's types: the one place where text becomes a number.

"123" is an integer, "1.5" a number, "true" and "false" are booleans; an empty cell is no value, but in a required
string it stays an empty string. Everything else stays as it is, and the strict types refuse it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from schemas.contracts import Schema
from schemas.lot.table import kind, optional

INTEGER: Final = re.compile(r"[+-]?[0-9]{1,30}")
NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
BOOLEANS: Final = {"true": True, "false": False}


def _integer(cell: str) -> object:
    return int(cell) if INTEGER.fullmatch(cell) else cell


def _number(cell: str) -> object:
    return float(cell) if NUMBER.fullmatch(cell) else cell


def _boolean(cell: str) -> object:
    return BOOLEANS.get(cell, cell)


READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "int": _integer,
    "long": _integer,
    "double": _number,
    "boolean": _boolean,
}


class Cells:
    def __init__(self, contract: Schema) -> None:
        self._readers = {each["name"]: READERS.get(kind(each["type"])) for each in contract["fields"]}
        self._keep_empty = {
            each["name"] for each in contract["fields"] if kind(each["type"]) == "string" and not optional(each["type"])
        }

    def typed(self, row: Mapping[str, object]) -> dict[str, object]:
        """The row's cells that have a value and a field, as that field's type."""
        return {
            name: self._typed(name, cell)
            for name, cell in row.items()
            if name in self._readers and cell is not None and (cell != "" or name in self._keep_empty)
        }

    def _typed(self, name: str, cell: object) -> object:
        read = self._readers[name]
        return read(cell) if read and isinstance(cell, str) else cell
