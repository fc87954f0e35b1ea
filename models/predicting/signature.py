"""What a model takes: its columns, in order, each of one type, by the names that MLflow has for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal, Self

from schemas.tables.table import BadTable, Table

if TYPE_CHECKING:
    from models.artefact.load import Loaded

Takes = Literal["numbers", "text", "customers"]
TEXT: Final = "text"
"""What the one column of a text model is called that says nothing else."""
MOST_NAMED: Final = 20


class Type(StrEnum):
    DOUBLE = "double"
    FLOAT = "float"
    LONG = "long"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Signature:
    """`missing`: the model takes cells without a value. `nameless`: nobody named its columns, so that they go by their
    place whatever a table calls them. `key` is a column of ids that the model knows of and does not look at.
    """

    kind: Takes
    columns: tuple[Column, ...]
    missing: bool = False
    nameless: bool = False
    key: str | None = None

    @classmethod
    def of(cls, loaded: "Loaded") -> Self:
        said = loaded.manifest
        if loaded.churn is not None:
            columns = loaded.churn.encoding.columns
            types = [Type.DOUBLE if each.kind == "number" else Type.STRING for each in columns]
            return cls("customers", _columns(loaded.churn.columns, types), missing=True, key=loaded.churn.key)
        if said.takes == "text":
            return cls("text", _columns(said.features, [Type.STRING]), nameless=said.features == [TEXT])
        types = [Type(each) for each in said.types] or [Type.DOUBLE] * len(said.features)
        return cls("numbers", _columns(said.features, types), loaded.golden.missing, _made_up(said.features))

    @property
    def names(self) -> list[str]:
        return [each.name for each in self.columns]

    def places(self, table: Table) -> list[int]:
        """Where each column stands in a table: by its name, or by its place where there are no names.

        Raises BadTable naming the columns that are missing. A table may have more.
        """
        if table.names is None:
            return self._by_place(table)
        at = {name: place for place, name in enumerate(table.names)}
        missing = [name for name in self.names if name not in at]
        if not missing:
            return [at[name] for name in self.names]
        if self.nameless and len(table.names) == len(self.columns):
            return list(range(len(self.columns)))
        said = f"there is no column {_some(missing)}" if len(missing) < len(self.columns) else "no column fits"
        raise BadTable(said, column=missing[0], fix=f"the model takes {_some(self.names)}")

    def beside(self, table: Table) -> list[int]:
        """The columns of a table that the model does not take."""
        taken = set(self.places(table))
        return [place for place in range(len(table.columns)) if place not in taken]

    def _by_place(self, table: Table) -> list[int]:
        if (table.columns or table.rows) and len(table.columns) != len(self.columns):
            said = f"the rows have {len(table.columns)} cells, the model takes {len(self.columns)}"
            raise BadTable(said, fix=f"it takes {_some(self.names)}")
        return list(range(len(table.columns)))


def _columns(names: Sequence[str], types: Sequence[Type]) -> tuple[Column, ...]:
    return tuple(Column(name, kind) for name, kind in zip(names, types, strict=True))


def _made_up(names: Sequence[str]) -> bool:
    """Names that whoever saved the model did not give: x0, x1, ... or 0, 1, ..."""
    return any(list(names) == [f"{begin}{place}" for place in range(len(names))] for begin in ("x", ""))


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
