"""Every record header the product reads or writes, and nothing else knows their names."""

from typing import Final

TRACE: Final = ("traceparent", "tracestate")
"""Copied from an input record to its decisions."""
TRACE_BYTES: Final = 512
"""What the standard asks everybody to carry on; a longer one would make a record that the broker refuses."""

DLQ_REASON: Final = "dlq.reason"
DLQ_DETAIL: Final = "dlq.detail"
DLQ_TOPIC: Final = "dlq.topic"
DLQ_PARTITION: Final = "dlq.partition"
DLQ_OFFSET: Final = "dlq.offset"
DLQ_TIMESTAMP: Final = "dlq.timestamp"
DLQ_VERSION: Final = "dlq.version"
DLQ_ENVELOPE: Final = "dlq.envelope"
"""Present when the value is not the original but a JSON envelope with its sha256, size and coordinates."""

DLQ_HEADERS: Final = "dlq.headers"
"""Present as `unreadable` when a name among the original headers is not text, and they had to be left out."""

REPLAYED_FROM: Final = "fraudstream.replayed_from"
"""On a record that was a dead letter once: topic/partition/offset among the dead letters."""

DETAIL_BYTES: Final = 256

CE_SPECVERSION: Final = "ce_specversion"
CE_ID: Final = "ce_id"
CE_SOURCE: Final = "ce_source"
CE_TYPE: Final = "ce_type"
CE_TIME: Final = "ce_time"
CONTENT_TYPE: Final = "content-type"
