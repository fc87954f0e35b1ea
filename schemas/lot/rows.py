"""Rows of a file, or objects of a request body, in; the same lot out that the same events from Kafka would make.

They have no key and no partition: `partition` is -1, `offset` the position in the input, `timestamp` the event time.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Final

import numpy as np

from schemas.contracts import TRANSACTION, Contract
from schemas.lot.assemble import Coordinates, assembled
from schemas.lot.buffers import numbers
from schemas.lot.checks import Checks
from schemas.lot.columns import Columns
from schemas.lot.events import Events
from schemas.lot.part import one_by_one
from schemas.lot.reference import Record
from schemas.lot.table import Lot
from schemas.lot.text import Cells

NO_PARTITION: Final = -1


def from_mappings(
    rows: Iterable[Mapping[str, object]], checks: Checks, *, text: bool = False, contract: Contract = TRANSACTION
) -> Lot:
    """`text` means cells are text, as in CSV. What is not a mapping is refused like any other bad row."""
    columns, read = _reader(contract, text)
    part = one_by_one(columns, rows, read)
    size = part.index.size + len(part.refusals)
    timestamp = np.zeros(size, np.int64)
    timestamp[part.index] = numbers(part.columns[columns.schema.get_field_index("event_time")])
    coordinates = Coordinates(np.full(size, NO_PARTITION, np.int32), np.arange(size), timestamp, None)
    return assembled(part, coordinates, columns.lot, checks)


@cache
def _reader(contract: Contract, text: bool) -> tuple[Columns, Callable[[object], Record]]:
    events, cells = Events(contract.schema), Cells(contract.schema)

    def from_text(row: object) -> Record:
        return events.from_mapping(cells.typed(row) if isinstance(row, Mapping) else row)

    return Columns(contract.schema), from_text if text else events.from_mapping
