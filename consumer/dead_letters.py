"""A record that cannot be scored, written so that nothing is lost and a person can tell why.

Key, value and headers stay as they were, and headers say where it came from and what was wrong. Where the record
would not fit, or holds what looks like a card number, an envelope with sha256, size and coordinates stands for it.
"""

import hashlib
import json
from typing import Any, Final

from consumer.lots import Fetched, Headers, Outgoing, headers_of
from schemas import headers
from schemas.lot import Refusal
from schemas.verdicts import Reason

HEADER_FRAME: Final = 12
"""Bytes around a header's name and content, at most."""
HEADROOM_BYTES: Final = 2_048
"""What our own headers and the record's frame may take of the size limit."""


def dead_letter(fetched: Fetched, refusal: Refusal, *, topic: str, version: str, limit: int) -> Outgoing:
    row, raw = refusal.row, fetched.raw
    partition, key, value = int(raw.partition[row]), raw.keys[row], raw.values[row]
    found = headers_of(fetched.messages[row])
    carried = found or []
    added = _added(fetched, refusal, version)
    if found is None:
        added.append((headers.DLQ_HEADERS, b"unreadable"))
    room = limit - HEADROOM_BYTES
    if refusal.reason is Reason.CARD_NUMBER:
        key = None if key is None else _sha256(key).encode()
    elif size(key, value, carried) <= room:
        return Outgoing(topic, partition, key, value, [*carried, *added])
    envelope = _envelope(fetched, row)
    return Outgoing(
        topic,
        partition,
        key if size(key, envelope, []) <= room else None,
        envelope,
        [*(carried if size(key, envelope, carried) <= room else []), *added, (headers.DLQ_ENVELOPE, b"1")],
    )


def size(key: bytes | None, value: bytes | None, carried: Headers) -> int:
    frame = sum(len(name.encode()) + len(content or b"") + HEADER_FRAME for name, content in carried)
    return len(key or b"") + len(value or b"") + frame


def _added(fetched: Fetched, refusal: Refusal, version: str) -> Headers:
    raw, row = fetched.raw, refusal.row
    detail = refusal.detail.encode()[: headers.DETAIL_BYTES].decode(errors="ignore")
    said: dict[str, Any] = {
        headers.DLQ_REASON: refusal.reason.value,
        headers.DLQ_DETAIL: detail,
        headers.DLQ_TOPIC: fetched.topic,
        headers.DLQ_PARTITION: raw.partition[row],
        headers.DLQ_OFFSET: raw.offset[row],
        headers.DLQ_TIMESTAMP: raw.timestamp[row],
        headers.DLQ_VERSION: version,
    }
    return [(name, str(content).encode()) for name, content in said.items()]


def _envelope(fetched: Fetched, row: int) -> bytes:
    raw = fetched.raw
    value = raw.values[row]
    content = {
        "sha256": _sha256(value),
        "size": len(value or b""),
        "topic": fetched.topic,
        "partition": int(raw.partition[row]),
        "offset": int(raw.offset[row]),
        "timestamp": int(raw.timestamp[row]),
    }
    return json.dumps(content).encode()


def _sha256(content: bytes | None) -> str:
    return hashlib.sha256(content or b"").hexdigest()
