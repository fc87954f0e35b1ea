"""Between columns and rows: the fields of a transaction, times as milliseconds."""

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from producer.publish import Event
from schemas.contracts import TRANSACTION
from schemas.encoding import Encode

FIELDS: Final[tuple[str, ...]] = tuple(field["name"] for field in TRANSACTION.schema["fields"])
REQUIRED: Final[tuple[str, ...]] = tuple(
    field["name"] for field in TRANSACTION.schema["fields"] if "default" not in field
)


def to_rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    at = batch.schema.get_field_index("event_time")
    times = batch.column(at).cast(pa.int64())
    rows: list[dict[str, Any]] = batch.set_column(at, "event_time", times).select(FIELDS).to_pylist()
    return rows


def events(
    batch: pa.RecordBatch, encode: Encode, *, stamp_event_time: bool = False, stamp_arrival: bool = False
) -> Iterator[Event]:
    """One per row, keyed by its card; the record timestamp is the moment of sending unless told otherwise.

    `stamp_arrival` takes it from the column `timestamp`.
    """
    rows = to_rows(batch)
    stamps = batch["timestamp"].cast(pa.int64()).to_pylist() if stamp_arrival else [0] * len(rows)
    for row, stamp in zip(rows, stamps, strict=True):
        yield Event(row["card_id"].encode(), encode(row), row["event_time"] if stamp_event_time else stamp)
