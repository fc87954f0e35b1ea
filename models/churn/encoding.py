"""From a customer's row to the numbers that a model looks at: declared columns, each of one kind, row by row.

A number that is blank, or is none, is NaN. A category has a column of its own, 1 where it is the row's: a blank is NaN
in all columns of its field, a category that was not there in training is 0 in all of them. Categories are compared
without regard to capitals and to blanks around them.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from schemas.cells import numbers
from schemas.cells.cells import Column, column
from schemas.errors import Usage
from schemas.repeated import repeated

Matrix = NDArray[np.float64]
Doubles = NDArray[np.float64]

MOST_COLUMNS: Final = 1_000
MOST_CATEGORIES: Final = 256
MOST_NAMED: Final = 20
MOST_FEATURES: Final = 10_000
LONGEST: Final = 80
LONGEST_NAME: Final = 100
WHOLE: Final = r"^(-?[0-9]+)\.0+$"
"""What a column of whole numbers with gaps becomes in CSV."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)]
Category = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)]


class Unread(NamedTuple):
    """How many cells say nothing: blank, or no number where one should be; of a category that nobody knows."""

    blank: int
    unknown: int


class Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Number(Form):
    """`usual` is the median in training: what an explanation puts in its place."""

    kind: Literal["number"] = "number"
    name: Name
    usual: float

    @property
    def features(self) -> list[str]:
        return [self.name]

    @property
    def typical(self) -> Doubles:
        return np.array([self.usual])

    def fill(self, values: pa.Array, matrix: Matrix) -> None:
        matrix[:, 0] = doubles(trimmed(self.name, values))

    def unread(self, values: pa.Array) -> Unread:
        return Unread(int(np.isnan(doubles(trimmed(self.name, values))).sum()), 0)


class Categories(Form):
    """`usual` is the most frequent one in training."""

    kind: Literal["category"] = "category"
    name: Name
    categories: Annotated[list[Category], Field(min_length=1, max_length=MOST_CATEGORIES)]
    usual: Category

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.categories != sorted(set(self.categories)) or self.usual not in self.categories:
            raise ValueError(f"the categories of {self.name} are not each once and in order, with the usual one")
        return self

    @property
    def features(self) -> list[str]:
        return [f"{self.name}={each}" for each in self.categories]

    @property
    def typical(self) -> Doubles:
        return np.array([float(each == self.usual) for each in self.categories])

    def fill(self, values: pa.Array, matrix: Matrix) -> None:
        """Each different text is looked at once."""
        found, which = self._distinct(values)
        place = {each: at for at, each in enumerate(self.categories)}
        lines = np.zeros((len(found), len(self.categories)))
        for line, each in enumerate(found):
            if each is None:
                lines[line] = np.nan
            elif each in place:
                lines[line, place[each]] = 1.0
        matrix[:] = lines[which]

    def unread(self, values: pa.Array) -> Unread:
        found, which = self._distinct(values)
        counts, known = np.bincount(which, minlength=len(found)).tolist(), set(self.categories)
        blanks = sum(count for each, count in zip(found, counts, strict=True) if each is None)
        return Unread(blanks, sum(counts) - blanks - sum(c for e, c in zip(found, counts, strict=True) if e in known))

    def _distinct(self, values: pa.Array) -> tuple[list[str | None], NDArray[np.int64]]:
        """Each text that is there, folded, None last; and which one each row has."""
        distinct = _texts(self.name, values).values.dictionary_encode()
        found = [*folded(self.name, distinct.dictionary).to_pylist(), None]
        return found, distinct.indices.fill_null(len(found) - 1).to_numpy(zero_copy_only=False)


Declared = Annotated[Number | Categories, Field(discriminator="kind")]


class Encoding(Form):
    """`key` is the column of ids, which no model looks at."""

    format: Literal[1] = 1
    key: Name | None
    columns: Annotated[list[Declared], Field(min_length=1, max_length=MOST_COLUMNS)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names, features = self.names, self.features
        if len(set(names)) < len(names) or self.key in names or len(set(features)) < len(features):
            raise ValueError("a column is declared twice")
        if len(features) > MOST_FEATURES:
            raise ValueError(f"columns and categories are {len(features):,} together, at most {MOST_FEATURES:,} may be")
        return self

    @property
    def names(self) -> list[str]:
        return [each.name for each in self.columns]

    @property
    def features(self) -> list[str]:
        """The columns of the matrix."""
        return [feature for each in self.columns for feature in each.features]

    def places(self) -> list[slice]:
        """Of each declared column in the matrix."""
        ends = np.cumsum([len(each.features) for each in self.columns]).tolist()
        return [slice(end - len(each.features), end) for each, end in zip(self.columns, ends, strict=True)]

    def check(self, names: Sequence[str]) -> None:
        """Raises Usage naming the columns that are missing, and those that nobody knows."""
        wanted = set(self.names)
        if missing := [each for each in self.names if each not in names]:
            raise Usage(f"the customers have no column {_some(missing)}", fix=self._fix)
        if foreign := sorted(set(names) - wanted - {self.key or ""}):
            raise Usage(f"the model does not know the column {_some(foreign)}", fix=self._fix)
        if twice := repeated(names):
            raise Usage(f"the customers have the column {_some(twice)} twice", fix=self._fix)

    def matrix(self, rows: pa.RecordBatch) -> Matrix:
        """In any order of columns; each row as if it were alone."""
        self.check(rows.schema.names)
        found = np.empty((rows.num_rows, len(self.features)))
        for each, place in zip(self.columns, self.places(), strict=True):
            each.fill(rows[each.name], found[:, place])
        return found

    def unread(self, rows: pa.RecordBatch) -> dict[str, Unread]:
        """By column."""
        return {each.name: each.unread(rows[each.name]) for each in self.columns}

    @property
    def _fix(self) -> str:
        return f"hand in the columns it was trained on: {_some(self.names)}"


def trimmed(name: str, values: pa.Array) -> Column:
    """Text without blanks around it, and null where nothing is left; anything else as it is."""
    found = column(name, values)
    if not pa.types.is_string(found.type):
        return found
    return column(name, pc.utf8_trim_whitespace(found.values), untyped=True)


def doubles(of: Column) -> Doubles:
    """NaN where there is no finite number."""
    if pa.types.is_boolean(of.type):
        of = Column(of.name, of.values.cast(pa.int8()))
    found: Doubles = numbers.real(of).values.fill_null(np.nan).to_numpy(zero_copy_only=False)
    return np.where(np.isfinite(found), found, np.nan)


def folded(name: str, values: pa.Array) -> pa.Array:
    """Categories as texts; whole numbers as their digits, whatever type they are kept in."""
    _texts(name, values)
    of = trimmed(name, values)
    if pa.types.is_floating(of.type) or pa.types.is_decimal(of.type):
        return _digits(doubles(of))
    return pc.replace_substring_regex(pc.utf8_lower(of.values.cast(pa.string())), WHOLE, r"\1")


def _texts(name: str, values: pa.Array) -> Column:
    """What has no categories is refused."""
    of = column(name, values)
    if pa.types.is_nested(of.type) or pa.types.is_temporal(of.type):
        raise of.unfit("category")
    return of


def _digits(values: Doubles) -> pa.Array:
    whole = np.isfinite(values) & (values == np.floor(values)) & (np.abs(values) <= 2.0**53)
    texts: list[Any] = [str(int(v)) if w else repr(float(v)) for v, w in zip(values, whole, strict=True)]
    return pa.array(texts, pa.string(), mask=np.isnan(values))


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
