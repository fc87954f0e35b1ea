"""The rows of a small body that are plain numbers, taken cell by cell: for one row the columns' way costs ten times.

What it takes, it takes as `models.predicting.taking` does; whatever is not plain it leaves to that.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.predicting.signature import Signature, Type
from schemas.tables import Kind, Table

FEW: Final = 256
"""Cells up to which looking at each is quicker."""
WHOLE: Final = 1 << 53
"""Up to which a double has every whole number."""
LARGEST: Final = 1.7976931348623157e308


def plain(signature: Signature, table: Table) -> NDArray[np.float64] | None:
    """The matrix; None: look more closely. Raises BadTable where columns are missing."""
    if signature.kind != "numbers" or not 0 < table.rows * len(table.columns) <= FEW:
        return None
    columns = []
    for place, column in zip(signature.places(table), signature.columns, strict=True):
        cells = table.columns[place]
        if column.type is not Type.DOUBLE or cells.kind is not Kind.JSON or not all(map(_is_plain, cells.cells)):
            return None
        columns.append(cells.cells)
    return np.array(columns, np.float64).T.copy()


def _is_plain(cell: object) -> bool:
    if type(cell) is float:
        return -LARGEST <= cell <= LARGEST
    return type(cell) is int and -WHOLE <= cell <= WHOLE
