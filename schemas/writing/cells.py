"""What a field of many records holds, as columns: one entry per row of the lot, or one for all.

`form` of each is what of it is the same in all rows, and differs from that of every other kind.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Same:
    """The same in every row, of whatever type."""

    value: Hashable

    @property
    def form(self) -> Hashable:
        return Same, self.value


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """Of strings with offsets of 32 bits."""

    form: ClassVar[Hashable] = "text"
    column: pa.Array


@dataclass(frozen=True, slots=True, eq=False)
class Longs:
    """Of int and long, and of an enum the places of its symbols."""

    form: ClassVar[Hashable] = "longs"
    values: NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Longs as they lie in a column of whole numbers or times, of 32 or 64 bits; none is null."""

    form: ClassVar[Hashable] = Longs.form
    column: pa.Array


@dataclass(frozen=True, slots=True, eq=False)
class Doubles:
    form: ClassVar[Hashable] = "doubles"
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class DoublesOrNull:
    """Of a union of null, first, and double."""

    form: ClassVar[Hashable] = "doubles or null"
    values: NDArray[np.float64]
    there: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """An array of doubles in every row, each as long. One column of a contract at most."""

    form: ClassVar[Hashable] = "vectors"
    matrix: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Picked:
    """Of every row one of the choices, of whatever type, by its place."""

    form: ClassVar[Hashable] = "picked"
    which: NDArray[Any]
    choices: Sequence[Hashable]


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """An array of those texts whose bit is set, in their order, from the lowest bit on."""

    bits: NDArray[Any]
    names: Sequence[str]

    @property
    def form(self) -> Hashable:
        return Named, tuple(self.names)


Cells = Same | Text | Longs | Column | Doubles | DoublesOrNull | Vectors | Picked | Named
