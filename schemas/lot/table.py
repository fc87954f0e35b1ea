"""The one table type: what goes in, what comes out, and the columns it has.

A lot holds the accepted rows in input order; what was refused stands beside it with its reason and never moves a
neighbour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.contracts import TRANSACTION, Schema
from schemas.verdicts import Reason

COORDINATES: Final = pa.schema(
    [
        pa.field("partition", pa.int32(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("timestamp", pa.int64(), nullable=False),
        pa.field("marks", pa.uint32(), nullable=False),
    ]
)
"""Where a row came from: partition, offset, record timestamp in milliseconds; and its `Mark` bits."""

AvroType = str | list[Any] | dict[str, Any]

PRIMITIVES: Final = {
    "string": pa.string(),
    "int": pa.int32(),
    "long": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
}
TIMESTAMP: Final = pa.timestamp("ms", tz="UTC")
SYMBOL: Final = pa.dictionary(pa.int8(), pa.string())


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """Kafka messages as they came, one entry per message in every field; `timestamp` in milliseconds."""

    partition: NDArray[np.int32]
    offset: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    keys: Sequence[bytes | None]
    values: Sequence[bytes | None]
    epochs: Mapping[int, int | None] = field(default_factory=dict)
    """By partition, under which leader of it the last one was written, where somebody noted that."""

    @classmethod
    def of(cls, messages: Sequence[Any]) -> Self:
        """Messages of a Kafka client, none of which is an error."""
        return cls(
            partition=np.array([each.partition() for each in messages], np.int32),
            offset=np.array([each.offset() for each in messages], np.int64),
            timestamp=np.array([each.timestamp()[1] for each in messages], np.int64),
            keys=[each.key() for each in messages],
            values=[each.value() for each in messages],
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """`row` is the position in the input; `detail` says what was wrong in at most 256 bytes, never the payload."""

    row: int
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True, eq=False)
class Lot:
    """`index` has the input position of every accepted row; `refusals` are sorted by theirs."""

    rows: pa.RecordBatch
    index: NDArray[np.int64]
    refusals: tuple[Refusal, ...]


def optional(avro_type: AvroType) -> bool:
    return isinstance(avro_type, list) and "null" in avro_type


def value_type(avro_type: AvroType) -> str | dict[str, Any]:
    """What stands beside null in an optional field, else the type itself."""
    inner = next(each for each in avro_type if each != "null") if isinstance(avro_type, list) else avro_type
    return inner if isinstance(inner, dict) else str(inner)


def kind(avro_type: AvroType) -> str:
    """The name of what stands there: string, long, enum, record, …"""
    inner = value_type(avro_type)
    return str(inner["type"] if isinstance(inner, dict) else inner)


def symbols(avro_type: AvroType) -> list[str]:
    """Those of an enum field; empty for every other."""
    inner = value_type(avro_type)
    return list(inner["symbols"]) if isinstance(inner, dict) and inner["type"] == "enum" else []


def is_time(avro_type: AvroType) -> bool:
    inner = value_type(avro_type)
    return isinstance(inner, dict) and inner.get("logicalType") == "timestamp-millis"


def arrow_type(avro_type: AvroType) -> pa.DataType:
    if kind(avro_type) == "enum":
        return SYMBOL
    return TIMESTAMP if is_time(avro_type) else PRIMITIVES[kind(avro_type)]


def columns(contract: Schema) -> pa.Schema:
    """The contract's fields in its order, as Arrow columns. Flat contracts only."""
    return pa.schema(
        [pa.field(each["name"], arrow_type(each["type"]), optional(each["type"])) for each in contract["fields"]]
    )


def with_coordinates(contract_columns: pa.Schema) -> pa.Schema:
    return pa.schema([*contract_columns, *COORDINATES])


SCHEMA: Final = with_coordinates(columns(TRANSACTION.schema))
