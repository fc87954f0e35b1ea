"""The shapes in which JSON says rows: records, lists, single values, columns. Each becomes the one table."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Final

from schemas.tables.table import BadTable, Column, Kind, Table, TooLarge, bounded

MIXED: Final = "the rows are not all of one kind: each must be an object, each a list, or each a single value"
MOST_NULLS: Final = 1 << 20
"""Cells that rows of different names may have between them, however few of them are told."""
MOST_TIMES: Final = 32
"""Beyond that, so many for each that is told."""


def rows(items: Sequence[Any], names: Sequence[str] | None = None, before: int = 0) -> Table:
    """Of objects, of lists of one length, or of single values: one column. `names` are those of lists."""
    kinds = set(map(type, items))
    if kinds == {dict}:
        if names is not None:
            raise BadTable("the columns are named, so each row must be a list")
        return _records(items, before)
    if kinds == {list}:
        return _matrix(items, names, before)
    if kinds & {dict, list}:
        raise BadTable(MIXED)
    if names is not None and len(names) != 1 and items:
        raise BadTable(f"{len(names)} columns are named, so each row must be a list of as many cells", row=before + 1)
    if not items:
        return Table.of(names, [Column([], Kind.JSON) for _ in names or ()], 0, before)
    return Table.of(names, [Column(items, Kind.JSON)], len(items), before)


def split(said: object) -> Table:
    """{"columns": [...], "data": [[...], ...]}, as pandas has it; its index counts for nothing."""
    if not isinstance(said, dict) or not isinstance(said.get("data"), list):
        raise BadTable('dataframe_split must be an object with the list "data", and "columns" beside it')
    if set(said) - {"columns", "index", "data"}:
        raise BadTable('dataframe_split has "columns", "index" and "data", and nothing else')
    return rows(said["data"], names_of(said.get("columns")))


def names_of(said: object) -> list[str] | None:
    if said is None:
        return None
    if not isinstance(said, list) or not all(type(each) in {str, int} for each in said):
        raise BadTable("columns must be a list of names")
    return once([str(each) for each in said])


def columns(said: dict[str, Any]) -> Table:
    """Lists of one length by name, or one value each."""
    if all(isinstance(each, list) for each in said.values()):
        lengths = set(map(len, said.values()))
        if len(lengths) > 1:
            raise BadTable("the columns are not all of one length")
        return Table.of(once(list(said)), [Column(each, Kind.JSON) for each in said.values()], max(lengths, default=0))
    if any(isinstance(each, list) for each in said.values()):
        raise BadTable("some columns are lists and some are single values")
    return rows([said])


def with_names(table: Table, names: Sequence[str] | None) -> Table:
    """With a column of nulls for each of them that it has not."""
    lacking = [name for name in names or () if name not in (table.names or ())]
    if not lacking or (table.names is None and table.rows):
        return table
    nulls = [Column([None] * table.rows, Kind.JSON) for _ in lacking]
    return replace(table, names=(*(table.names or ()), *lacking), columns=[*table.columns, *nulls])


def once(names: list[str]) -> list[str]:
    """Refuses names that stand for two columns, such as are no text, and too many of them."""
    bounded(len(names))
    if len(set(names)) < len(names):
        raise BadTable("two columns have the same name")
    try:
        "".join(names).encode()
    except UnicodeEncodeError:
        raise BadTable("the name of a column is no valid text") from None
    return names


def _records(items: Sequence[dict[str, Any]], before: int) -> Table:
    """A name that some objects lack is null there."""
    names = list(items[0])
    if any(len(each) != len(names) or list(each) != names for each in items):
        names = list(dict.fromkeys(chain.from_iterable(items)))
        _check(len(names), items)
        cells = [[each.get(name) for each in items] for name in names]
    else:
        cells = [list(each) for each in zip(*map(dict.values, items), strict=True)]
    return Table.of(once(names), [Column(each, Kind.JSON) for each in cells], len(items), before)


def _check(width: int, items: Sequence[dict[str, Any]]) -> None:
    """A few bytes of objects that have no name in common would be a table of nothing but nulls."""
    bounded(width)
    if width * len(items) > max(MOST_NULLS, MOST_TIMES * sum(map(len, items))):
        raise TooLarge(f"{len(items):,} rows have {width:,} names between them, and hardly any in common")


def _matrix(items: Sequence[list[Any]], names: Sequence[str] | None, before: int) -> Table:
    width = len(items[0]) if names is None else len(names)
    bounded(width)
    for number, each in enumerate(items, start=before + 1):
        if len(each) != width:
            raise BadTable(f"row {number} has {len(each)} cells, not {width}", row=number)
    cells = [list(each) for each in zip(*items, strict=True)]
    return Table.of(names, [Column(each, Kind.JSON) for each in cells], len(items), before)
