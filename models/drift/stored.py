"""The reference as the `histograms` section of an artefact: JSON, one line of counts per weekday and column.

A line has the counts of the bins that the column uses, the last for what is not known. Whatever is read is checked
first: an artefact may come from anywhere.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from models.artefact.refusal import refused
from models.drift.bins import MOST, WIDTH, Doubles, Integers, used
from models.drift.excess import Unrest
from models.drift.reference import FEWEST_ROWS, Reference
from models.drift.usual import WEEK, rows

MOST_DAYS: Final = 1_000_000

Finite = Annotated[float, Field(allow_inf_nan=False)]
Ratio = Annotated[float, Field(ge=1.0, le=1e9)]
Line = Annotated[str, StringConstraints(pattern=r"^\d{1,12}( \d{1,12}){1,20}$")]
Lines = Annotated[list[Line], Field(min_length=WEEK, max_length=WEEK)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Column(_Strict):
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    edges: Annotated[list[Finite], Field(max_length=MOST - 1)]
    weekdays: Lines
    week: Lines
    index: Ratio
    rank: Ratio
    freedom: Annotated[float, Field(gt=0.0, le=WIDTH)]


class Histograms(_Strict):
    format: Literal[1]
    last_day: Annotated[int, Field(ge=-MOST_DAYS, le=MOST_DAYS)]
    noise: Annotated[float, Field(gt=0.0, le=1.0)]
    columns: Annotated[list[Column], Field(min_length=1, max_length=1_000)]


def section(reference: Reference) -> dict[str, Any]:
    unrest, inside = reference.unrest, reference.used
    columns = [
        Column(
            name=name,
            edges=reference.edges[at][np.isfinite(reference.edges[at])].tolist(),
            weekdays=_lines(reference.weekdays[:, at, inside[at]]),
            week=_lines(reference.week[:, at, inside[at]]),
            index=float(unrest.index[at]),
            rank=float(unrest.rank[at]),
            freedom=float(unrest.freedom[at]),
        )
        for at, name in enumerate(reference.names)
    ]
    found = Histograms(format=1, last_day=reference.last_day, noise=unrest.noise, columns=columns)
    return found.model_dump(mode="json")


def reference_of(stored: Mapping[str, Any], where: str) -> Reference:
    """What `section` gave; anything else is refused by name."""
    try:
        found = Histograms.model_validate(dict(stored))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise refused(where, f"histograms.{'.'.join(map(str, first['loc']))[:200]}: {first['msg'][:200]}") from None
    edges = _edges(found, where)
    inside = used(edges)
    return Reference(
        names=tuple(column.name for column in found.columns),
        edges=edges,
        weekdays=_counts([column.weekdays for column in found.columns], inside, where),
        week=_counts([column.week for column in found.columns], inside, where),
        last_day=found.last_day,
        unrest=Unrest(
            index=np.array([column.index for column in found.columns]),
            rank=np.array([column.rank for column in found.columns]),
            freedom=np.array([column.freedom for column in found.columns]),
            noise=found.noise,
        ),
    )


def _lines(counts: Integers) -> list[str]:
    return [" ".join(map(str, line)) for line in counts.tolist()]


def _edges(found: Histograms, where: str) -> Doubles:
    table = np.full((len(found.columns), WIDTH), np.inf)
    for edges, column in zip(table, found.columns, strict=True):
        edges[: len(column.edges)] = column.edges
        if np.any(np.diff(column.edges) <= 0):
            raise refused(where, f"histograms: the edges of {column.name[:100]!r} do not rise")
    return table


def _counts(columns: list[list[str]], inside: np.ndarray[Any, np.dtype[np.bool_]], where: str) -> Integers:
    found = np.zeros((WEEK, *inside.shape), np.int64)
    for at, lines in enumerate(columns):
        for weekday, line in enumerate(lines):
            counts = [int(each) for each in line.split()]
            if len(counts) != inside[at].sum():
                raise refused(where, f"histograms: a line of column {at} has {len(counts)} counts, not one per bin")
            found[weekday, at, inside[at]] = counts
    every = found.sum(axis=-1)
    if (every != every[:, :1]).any() or (rows(found) < FEWEST_ROWS).any():
        raise refused(where, "histograms: the columns do not count the same rows, or too few of them")
    return found
