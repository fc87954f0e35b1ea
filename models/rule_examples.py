"""The examples of the rules, run: each HIT must hit and each MISS must miss, with the limits that are the default."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from models.features import Places, row_features
from models.local_time import HOUR_MS
from models.rules import RULES, Example, Limits, Rule, Status, statuses
from schemas.lot.buffers import numbers
from schemas.lot.table import SCHEMA

PLACES: Final = Places("UTC", ("DE",), (7995,))
MONDAY_MS: Final = 1_767_571_200_000
"""2026-01-05T00:00:00Z."""


@dataclass(frozen=True, slots=True)
class Tried:
    rule: Rule
    example: Example
    expected: Status
    found: Status

    @property
    def as_expected(self) -> bool:
        return self.found == self.expected


def lot_of(*examples: Example) -> pa.RecordBatch:
    """Unremarkable purchases at noon, but for the fields that the examples give; `hour` is an hour of that day."""
    return pa.RecordBatch.from_pylist([_row(number, example) for number, example in enumerate(examples)], SCHEMA)


def tried(rules: Sequence[Rule] = RULES) -> Iterator[Tried]:
    for rule in rules:
        expected = [(each, Status.HIT) for each in rule.hits] + [(each, Status.NO_HIT) for each in rule.misses]
        rows = lot_of(*(example for example, _ in expected))
        found = statuses(row_features(rows, PLACES), Limits(), {}, numbers(rows["event_time"]), (rule,))
        for (example, status), got in zip(expected, found[:, 0], strict=True):
            yield Tried(rule, example, status, Status(got))


def _row(number: int, example: Mapping[str, Any]) -> dict[str, Any]:
    given = dict(example)
    hour = given.pop("hour", 12)
    time = given.setdefault("event_time", MONDAY_MS + hour * HOUR_MS)
    usual = {
        "event_id": f"event-{number}",
        "card_id": "card-1",
        "customer_id": "1",
        "terminal_id": "term-1",
        "amount_minor": 1_999,
        "currency": "EUR",
        "partition": 0,
        "offset": number,
        "timestamp": time,
        "marks": 0,
    }
    return usual | given
