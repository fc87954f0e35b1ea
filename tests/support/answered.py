"""Decisions of made-up rows, ready to be written: of anything that a contract's field can hold."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from consumer.epochs import Circumstances
from consumer.judged import Answered, Judged
from consumer.lots import Fetched, Span
from models.churn.weighed import Churn
from models.decide import Decisions, ModelRef
from models.features import FEATURES
from models.memory import Sight
from models.rules import RULES
from schemas.lot import Lot, Raw
from schemas.lot.table import SCHEMA

PARTITIONS = 3


@dataclass(frozen=True)
class Row:
    event_id: str = "e-1"
    card_id: str = "card-1"
    customer_id: str = "7"
    terminal_id: str = "t"
    currency: str = "EUR"
    event_time: int = 1_700_000_000_000
    amount_minor: int = 100
    partition: int = 0
    offset: int = 1
    score: float = 0.5
    raw_margin: float = 0.0
    outcome: int = 0
    statuses: tuple[int, ...] = (0,) * len(RULES)
    reasons: tuple[str, ...] = ()
    features: tuple[float, ...] = (0.0,) * len(FEATURES)
    marks: int = 0
    decided_marks: int = 0
    churn: int = -1
    churn_code: int = 3
    headers: Any = None


@dataclass(frozen=True)
class Shared:
    model: ModelRef = field(default_factory=lambda: ModelRef("fraud", "3", "0123456789ab"))
    policy: str = "fraud/1 0123456789ab"
    degraded: tuple[str, ...] = ()
    generation: str | None = None
    topic: str = "transactions"
    now_ms: int = 1_700_000_000_123
    epochs: tuple[int, ...] = (0,) * PARTITIONS


@dataclass(frozen=True)
class Said:
    """A message that has these headers."""

    found: Any

    def headers(self) -> Any:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


def lot_of(rows: list[Row]) -> Lot:
    columns = {name: [getattr(row, name) for row in rows] for name in SCHEMA.names if hasattr(Row(), name)}
    columns |= {"marks": [0] * len(rows), "timestamp": columns["event_time"]}
    arrays = [pa.array(columns.get(each.name, [None] * len(rows)), each.type) for each in SCHEMA]
    return Lot(pa.RecordBatch.from_arrays(arrays, schema=SCHEMA), np.arange(len(rows)), ())


def judged_of(rows: list[Row], shared: Shared, lot: Lot | None = None) -> Judged:
    """`lot` where it is the same rows, laid out otherwise."""
    width = (len(rows), len(FEATURES))
    features = np.array([row.features for row in rows], np.float64).reshape(width)
    nothing = np.zeros(len(rows), np.int64)
    marks, decided_marks = (
        np.array([getattr(row, name) for row in rows], np.uint32) for name in ("marks", "decided_marks")
    )
    decided = Decisions(
        features,
        np.array([row.raw_margin for row in rows], np.float64),
        np.array([row.score for row in rows], np.float64),
        np.array([row.outcome for row in rows], np.int8),
        np.array([row.statuses for row in rows], np.int8).reshape(len(rows), len(RULES)),
        nothing,  # type: ignore[arg-type]
        decided_marks,
        {place: list(row.reasons) for place, row in enumerate(rows) if row.outcome},
    )
    churn = Churn(
        shared.generation,
        np.array([row.churn for row in rows], np.int32),
        np.array([row.churn_code for row in rows], np.int8),
    )
    partitions = np.array([row.partition for row in rows], np.int32)
    raw = Raw(partitions, np.array([row.offset for row in rows], np.int64), nothing, [], [])
    spans = {each: Span(0, 0, 1) for each in range(PARTITIONS)}
    fetched = Fetched(shared.topic, raw, [Said(row.headers) for row in rows], spans)
    sight = Sight(nothing.astype(np.uint64), nothing, nothing, marks, features)
    return Judged(fetched, lot or lot_of(rows), sight, decided, churn)


def circumstances_of(shared: Shared) -> Circumstances:
    return Circumstances(shared.model, shared.policy, 7, shared.generation, shared.degraded)


def answered_of(rows: list[Row], shared: Shared, written: list[int], lot: Lot | None = None) -> Answered:
    epochs = np.array([shared.epochs[row.partition] for row in rows], np.int64)
    judged = judged_of(rows, shared, lot)
    return Answered(judged, np.array(written, np.int64), epochs, circumstances_of(shared), shared.now_ms)
