"""JSON files as tables, some rows at a time: one document of any of the shapes of MLflow, a bare list, the form of
pandas that is called split, or a row in each line.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

import numpy as np

from schemas.tables import shapes
from schemas.tables.bodies import PARAMS, SHAPES, body_of
from schemas.tables.json_values import DEEP, NOT_UTF8, decoder, is_scalar, why
from schemas.tables.table import MOST_COLUMNS, Bad, BadTable, Source, Table, bounded
from schemas.tables.walk import Walk
from schemas.verdicts import Reason

ROWS: Final = 8_192
SPLIT: Final = ("columns", "index", "data")
KNOWN: Final = frozenset({*SHAPES, *SPLIT, PARAMS})


def tables(source: Source) -> Iterator[Table]:
    """Raises BadTable that says where; what was handed out before it is sound."""
    try:
        with source.open() as stream:
            walk = Walk(stream)
            first = walk.peek()
            if first == "[":
                yield from _some(walk.array(), None)
            elif first == "{" and _is_document(walk):
                yield from _document(source, walk)
            elif first:
                yield from _lines(source)
                return
            else:
                walk.nothing()
            walk.end()
    except BadTable as error:
        raise BadTable(f"{source}: {error.message}", row=error.row, fix=error.fix or "check the file") from None
    except UnicodeDecodeError:
        raise BadTable(f"{source} {NOT_UTF8}", fix="convert it: iconv -f LATIN1 -t UTF-8") from None
    except OSError as error:
        raise BadTable(f"{source} cannot be read: {error.strerror or 'it is damaged'}", fix="check the file") from None
    except RecursionError:
        raise BadTable(f"{source}: the JSON {DEEP}", fix="check the file") from None


def _is_document(walk: Walk) -> bool:
    """By the first name, and what follows it: a row in a line may have a column of that name, but no list in it."""
    name, follows = walk.first_name()
    return name in KNOWN and follows in {"[", "{", '"'} and not (follows == '"' and name != "inputs")


def _document(source: Source, walk: Walk) -> Iterator[Table]:
    """Rows are handed out as they come; whatever else there is, is small."""
    found: set[str] = set()
    names: list[str] | None = None
    for name in walk.names():
        if name in found or name not in KNOWN:
            raise BadTable("the JSON has a name twice, or one that is not known")
        found.add(name)
        if name == "dataframe_split":
            yield from _split(source, walk, walk.names())
        elif name in {"columns", "index"}:
            names = _aside(walk, name) or names
        elif name == "data" and found & set(SPLIT[:2]):
            yield from _some(walk.array(), names)
        elif walk.peek() == "[" and name != PARAMS:
            yield from _rows_of(name, walk)
        elif (said := walk.value()) is not None and name != PARAMS:
            yield body_of({name: said}).table
    if len(found & set(SHAPES)) != 1:
        raise BadTable(f"the JSON must have exactly one of {', '.join(SHAPES)}")


def _rows_of(name: str, walk: Walk) -> Iterator[Table]:
    for table in _some(walk.array(), None):
        if name == "dataframe_records" and table.rows and table.names is None:
            raise BadTable("dataframe_records must be a list of objects")
        yield table


def _split(source: Source, walk: Walk, said: Iterator[str]) -> Iterator[Table]:
    names: list[str] | None = None
    known = rows = False
    for name in said:
        if name not in SPLIT or (name == "data" and rows):
            raise BadTable('dataframe_split has "columns", "index" and "data", once each, and nothing else')
        if name == "data":
            rows = True
            if not known:
                names = _names_behind(source)
            yield from _some(walk.array(), names)
        else:
            names, known = _aside(walk, name) or names, known or name == "columns"
    if not rows:
        raise BadTable('dataframe_split must have the list "data"')


def _names_behind(source: Source) -> list[str] | None:
    """Read up to the end, when the columns stand behind the rows."""
    with source.open() as stream:
        walk = Walk(stream)
        for outer in walk.names():
            if outer != "dataframe_split":
                walk.pass_over()
                continue
            for name in walk.names():
                if name == "columns":
                    return _aside(walk, name)
                walk.pass_over()
    return None


def _aside(walk: Walk, name: str) -> list[str] | None:
    if name != "columns":
        walk.pass_over()
        return None
    found = list(islice(walk.array(), MOST_COLUMNS + 1))
    bounded(len(found))
    return shapes.names_of(found)


def _some(items: Iterator[Any], names: Sequence[str] | None) -> Iterator[Table]:
    """The names of the first rows are those of the table: later rows that lack one have null there."""
    before, first = 0, names
    while some := list(islice(items, ROWS)):
        table = shapes.with_names(shapes.rows(some, names, before), first)
        first = first or table.names
        before += len(some)
        yield table
    if not before:
        yield shapes.rows([], names)


def _lines(source: Source) -> Iterator[Table]:
    """A line that is no JSON is bad, and the others count. What the first is, all must be."""
    before, kind, first = 0, _Kind(), None
    with source.open() as stream:
        lines = (line for line in Walk(stream).lines() if line.strip())
        while some := list(islice(lines, ROWS)):
            read = [_line(number, line, kind) for number, line in enumerate(some, start=before + 1)]
            good = [(number, each) for number, each in enumerate(read, start=before + 1) if not isinstance(each, Bad)]
            bad = tuple(each for each in read if isinstance(each, Bad))
            table = shapes.with_names(shapes.rows([value for _, value in good]), first)
            first = first or table.names
            numbers = np.array([number for number, _ in good], np.int64)
            yield replace(table, numbers=numbers, bad=bad)
            before += len(some)


@dataclass(slots=True)
class _Kind:
    known: type | None = None

    def is_that_of(self, value: object) -> bool:
        found = object if is_scalar(value) else type(value)
        self.known = self.known or found
        return found is self.known


def _line(number: int, line: str, kind: _Kind) -> Any:  # noqa: ANN401 - anything JSON can say, or a bad row
    try:
        value = decoder(line).decode(line)
    except (ValueError, RecursionError) as error:
        return Bad(number, Reason.INVALID_JSON, f"the JSON {why(error)}")
    if kind.is_that_of(value):
        return value
    return Bad(number, Reason.INVALID_JSON, "the line is not of the same kind as the first one")
