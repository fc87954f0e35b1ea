"""Rows of a file or a request as a lot, where each may say when it arrived: `timestamp`, as Kafka stamps a record.

A transaction that does not say so arrived when it happened; a verdict was known at once, and counts when the settings'
delay is over. `partition` is -1; offsets count on from `first`, so that several lots of one log have different places.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Final

import numpy as np

from schemas.contracts import TRANSACTION, Contract
from schemas.errors import DeadLetter
from schemas.lot.assemble import Coordinates, assembled
from schemas.lot.buffers import numbers
from schemas.lot.checks import Checks
from schemas.lot.columns import Columns
from schemas.lot.events import Events
from schemas.lot.limits import RANGES
from schemas.lot.part import one_by_one
from schemas.lot.reference import Record
from schemas.lot.rows import NO_PARTITION
from schemas.lot.table import Lot
from schemas.lot.text import Cells

TIMESTAMP: Final = "timestamp"
STAMP: Final[dict[str, Any]] = {
    "name": TIMESTAMP,
    "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}],
    "default": None,
}
TIMES: Final = next(each for each in RANGES if each.column == "event_time")


def from_stamped(
    rows: Iterable[Mapping[str, object]],
    checks: Checks,
    *,
    text: bool = False,
    contract: Contract = TRANSACTION,
    first: int = 0,
) -> Lot:
    """`text` means cells are text, as in CSV. What is not a mapping is refused like any other bad row."""
    columns, read = _reader(contract, text)
    stamps: list[int | None] = []

    def kept(row: object) -> Record:
        record = read(row)
        stamps.append(_within(record[TIMESTAMP]))
        return record

    part = one_by_one(columns, rows, kept)
    size = part.index.size + len(part.refusals)
    timestamp = np.zeros(size, np.int64)
    happened = numbers(part.columns[columns.schema.get_field_index("event_time")]).tolist()
    timestamp[part.index] = [each if stamp is None else stamp for stamp, each in zip(stamps, happened, strict=True)]
    places = np.arange(first, first + size)
    coordinates = Coordinates(np.full(size, NO_PARTITION, np.int32), places, timestamp, None)
    return assembled(part, coordinates, columns.lot, checks)


def _within(stamp: Any) -> int | None:  # noqa: ANN401 - a checked record's
    if stamp is None or TIMES.low <= stamp <= TIMES.high:
        return None if stamp is None else int(stamp)
    raise DeadLetter(TIMES.reason, f"{TIMESTAMP} is not within {TIMES.low} to {TIMES.high}")


@cache
def _reader(contract: Contract, text: bool) -> tuple[Columns, Callable[[object], Record]]:
    schema = contract.schema | {"fields": [*contract.schema["fields"], STAMP]}
    events, cells = Events(schema), Cells(schema)

    def from_text(row: object) -> Record:
        return events.from_mapping(cells.typed(row) if isinstance(row, Mapping) else row)

    return Columns(contract.schema), from_text if text else events.from_mapping
