"""Lots made from a few fields; the rest is an unremarkable purchase at noon."""

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pytest

from schemas.lot.table import SCHEMA

MONDAY_MS = 1_767_571_200_000  # 2026-01-05T00:00:00Z
HOUR_MS = 3_600_000

Make = Callable[..., pa.RecordBatch]


@pytest.fixture
def lot() -> Make:
    def make(*examples: Mapping[str, Any]) -> pa.RecordBatch:
        return pa.RecordBatch.from_pylist([_row(number, example) for number, example in enumerate(examples)], SCHEMA)

    return make


def _row(number: int, example: Mapping[str, Any]) -> dict[str, Any]:
    given = dict(example)
    hour = given.pop("hour", 12)
    usual = {
        "event_id": f"event-{number}",
        "event_time": MONDAY_MS + hour * HOUR_MS,
        "card_id": "card-1",
        "customer_id": "1",
        "terminal_id": "term-1",
        "amount_minor": 1_999,
        "currency": "EUR",
        "partition": 0,
        "offset": number,
        "timestamp": MONDAY_MS,
        "marks": 0,
    }
    return usual | given
