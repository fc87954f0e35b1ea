"""Between columns and rows: the fields of a contract, times as milliseconds."""

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from producer.form import TRANSACTIONS, Form
from producer.publish import Event
from schemas.encoding import Encode

FIELDS: Final = TRANSACTIONS.fields


def to_rows(batch: pa.RecordBatch, form: Form = TRANSACTIONS) -> list[dict[str, Any]]:
    at = batch.schema.get_field_index("event_time")
    times = batch.column(at).cast(pa.int64())
    own = [name for name in form.fields if name not in form.besides]
    rows: list[dict[str, Any]] = batch.set_column(at, "event_time", times).select(own).to_pylist()
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
