"""A decision computed anew, field by field as a published one has them; churn and the clock are not computed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from consumer.replaying.epochs import Epoch
from models.decide import Decider, Decisions
from models.memory import Sight
from models.policy import Outcome
from schemas.verdicts import Mark

COPIED: Final = ("event_id", "card_id", "customer_id", "terminal_id", "event_time", "amount_minor", "currency")
PLACE: Final = ("partition", "offset")
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Recomputed:
    """Some rows of one partition and epoch; `cold` are those whose windows reach before all that was folded."""

    rows: pa.RecordBatch
    sight: Sight
    decided: Decisions
    epoch: Epoch
    cold: Bools
    cells: Mapping[str, Sequence[Any]]
    """What decisions repeat of rows, by column."""
    shared: Mapping[str, Any]
    """What they repeat of their epoch."""

    @classmethod
    def of(cls, rows: pa.RecordBatch, sight: Sight, epoch: Epoch, decider: Decider, cold: Bools) -> "Recomputed":
        columns = {name: rows[name] for name in (*COPIED, *PLACE)}
        columns["event_time"] = rows["event_time"].cast(pa.int64())
        cells = {name: column.to_pylist() for name, column in columns.items()}
        return cls(rows, sight, decider.decide(rows, sight), epoch, cold, cells, of_epoch(epoch))

    @property
    def offsets(self) -> Sequence[int]:
        return self.cells["offset"]

    @property
    def flagged(self) -> Bools:
        found: Bools = self.decided.outcome != Outcome.APPROVE
        return found

    def fields(self, row: int) -> dict[str, Any]:
        decided = self.decided
        marks = int(self.sight.marks[row]) | int(decided.marks[row]) | (int(Mark.COLD_STATE) if self.cold[row] else 0)
        found: dict[str, Any] = {name: self.cells[name][row] for name in COPIED} | dict(self.shared)
        return found | {
            "features": decided.features[row].tolist(),
            "raw_margin": float(decided.raw_margin[row]),
            "score": float(decided.score[row]),
            "outcome": Outcome(int(decided.outcome[row])).symbol,
            "reasons": decided.reasons(row),
            "rules": decided.rule_codes(row),
            "marks": Mark(marks).names(),
            "source": {name: self.cells[name][row] for name in PLACE},
        }


def of_epoch(epoch: Epoch) -> dict[str, Any]:
    """What every decision of an epoch repeats of it."""
    return {
        "model": asdict(epoch.model),
        "policy": epoch.policy,
        "feature_version": epoch.feature_version,
        "degraded": list(epoch.degraded),
        "generation": epoch.churn_generation,
        "epoch": epoch.first_offset,
    }
