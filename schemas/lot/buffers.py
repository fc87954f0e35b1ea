"""Arrow's own memory as read-only numpy arrays, always of the same types, so that no kernel is compiled twice."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

WIDE: Final = frozenset((pa.large_binary().id, pa.large_string().id))
DTYPES: Final[dict[int, type[np.generic]]] = {
    pa.timestamp("ms").id: np.int64,
    pa.int64().id: np.int64,
    pa.int32().id: np.int32,
    pa.uint32().id: np.uint32,
    pa.float64().id: np.float64,
}
"""Of the types that lots are made of: asking Arrow takes longer than all the rest."""


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """Every byte of a string or binary column, and where each row begins and the last ends; null is of length 0."""

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        return self.offsets[1:] - self.offsets[:-1]

    def used(self) -> NDArray[np.uint8]:
        """The bytes of the rows, without what lies before and after a slice."""
        return self.data[self.offsets[0] : self.offsets[-1]]

    def cut(self, rows: NDArray[np.int64]) -> list[bytes]:
        """The bytes of each of these rows."""
        data, starts = self.used().tobytes(), self.offsets[:-1][rows] - self.offsets[0]
        ends = (self.offsets[1:][rows] - self.offsets[0]).tolist()
        return [data[start:end] for start, end in zip(starts.tolist(), ends, strict=True)]


def texts(column: pa.Array) -> Texts:
    _, offsets, data = column.buffers()
    rows = len(column)
    if not rows:
        return Texts(_view(data, np.uint8), np.zeros(1, np.int64))
    dtype = np.dtype(np.int64 if column.type.id in WIDE else np.int32)
    found = np.frombuffer(offsets, dtype, rows + 1, column.offset * dtype.itemsize)
    return Texts(_view(data, np.uint8), found.astype(np.int64))


def numbers(column: pa.Array) -> NDArray[Any]:
    """The values of a column of numbers or timestamps as they lie in memory; anything for null."""
    kind, rows = column.type, len(column)
    dtype = DTYPES.get(kind.id) or kind.to_pandas_dtype()
    return _view(column.buffers()[1], dtype)[column.offset : column.offset + rows]


def flags(column: pa.Array) -> NDArray[np.bool_]:
    """Which rows are not null."""
    if column.null_count == 0:
        return np.ones(len(column), np.bool_)
    bits = np.unpackbits(_view(column.buffers()[0], np.uint8), bitorder="little")
    return bits[column.offset :][: len(column)].astype(np.bool_)


def column(kind: pa.DataType, values: NDArray[Any]) -> pa.Array:
    """As long as they are of the type's own width, the values as they lie in memory; none is null."""
    held = np.ascontiguousarray(values, DTYPES[kind.id])
    return pa.Array.from_buffers(kind, len(held), [None, pa.py_buffer(held)], 0)


def _view(buffer: pa.Buffer | None, dtype: type[np.generic]) -> NDArray[Any]:
    view = np.frombuffer(buffer if buffer is not None else b"", dtype)
    view.flags.writeable = False
    return view
