"""Rows of any format as columns, and what is wrong with those that cannot be columns."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import IO, Any, Final, Protocol, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.errors import Usage
from schemas.verdicts import Reason

MOST_COLUMNS: Final = 10_000
"""As many as a model has features at most."""


class BadTable(Usage):
    """What was handed in is no table. The message never quotes it; `row` counts from 1, without the header."""

    def __init__(self, message: str, *, column: str | None = None, row: int | None = None, fix: str = "") -> None:
        super().__init__(message, fix=fix)
        self.column = column
        self.row = row


class TooLarge(BadTable):
    """It has more rows or bytes than are taken at once."""


class TooSmall(float):
    """A number nearer to zero than any double, as it was written. It counts as one beyond doubles, never as zero."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Self:
        found = super().__new__(cls, "inf")
        found.text = text
        return found

    def __str__(self) -> str:
        return self.text


def bounded(columns: int) -> None:
    """Raises TooLarge for more columns than any model has."""
    if columns > MOST_COLUMNS:
        raise TooLarge(f"there are {columns:,} columns, at most {MOST_COLUMNS:,} are taken")


class Kind(StrEnum):
    """What a column's cells are."""

    JSON = "json"
    """A list of what JSON says: int, float, str, bool, None; anything else is a dict or a list. A number beyond
    doubles is an infinity, which JSON has no word for."""
    TEXT = "text"
    """An Arrow array of texts, of a format that has nothing else; null where nothing stands."""
    TYPED = "typed"
    """An Arrow array of whatever type."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    cells: Any
    """A list, or an Arrow array."""
    kind: Kind

    def __len__(self) -> int:
        return len(self.cells)

    def arrow(self) -> pa.Array:
        """To be written down beside something: values of several types, and nested ones, as texts."""
        if self.kind is not Kind.JSON:
            return self.cells
        kinds = set(map(type, self.cells))
        if TooSmall in kinds:
            return pa.array([None if each is None else _text(_as_json(each)) for each in self.cells], pa.string())
        return array([_as_json(each) for each in self.cells] if kinds & {dict, list} else self.cells)


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that could not even be cut into cells. Rows count from 1, without the header and blank lines."""

    number: int
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """`names` is None for a matrix, whose columns go by their place. `numbers` are those of its rows in the file or
    body, counted from 1; `bad` are rows beside them.
    """

    names: tuple[str, ...] | None
    columns: Sequence[Column]
    rows: int
    numbers: NDArray[np.int64]
    bad: Sequence[Bad] = field(default=())

    @classmethod
    def of(cls, names: Sequence[str] | None, columns: Sequence[Column], rows: int, before: int = 0) -> "Table":
        """`before` are rows that were handed out earlier."""
        numbers = np.arange(before + 1, before + 1 + rows)
        return cls(None if names is None else tuple(names), columns, rows, numbers)

    @property
    def read(self) -> int:
        return self.rows + len(self.bad)


class Source(Protocol):
    """Bytes that can be read from the beginning, again and again; its `str` begins what is said of it."""

    @property
    def told(self) -> bool:
        """Whether messages may quote it: a file is its reader's own, a body may be anybody's."""
        ...

    def open(self) -> IO[bytes]: ...


Tables = Iterator[Table]


def array(cells: Sequence[object]) -> pa.Array:
    """Of the type that the values have; where they have several, of their texts."""
    try:
        return pa.array(cells)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, UnicodeError):
        return pa.array([None if each is None else _text(each) for each in cells], pa.string())


def _as_json(value: object) -> object:
    """A value that holds others, as text; the others stay."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if isinstance(value, dict | list) else value


def _text(value: object) -> str:
    said = str(value).lower() if isinstance(value, bool) else str(value)
    return said.encode(errors="replace").decode()
