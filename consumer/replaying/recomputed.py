"""A decision computed anew, field by field as a published one has them; the clock is not computed.

Churn is, where its generation is kept. Where it is not, a decision that weighed it is held against itself: whether
what it says of churn makes it what it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from consumer.replaying.epochs import Epoch
from models.churn.weighed import Churn, as_told
from models.decide import Decider, Decisions
from models.memory import Sight
from models.policy import Outcome
from schemas.verdicts import Mark

COPIED: Final = ("event_id", "card_id", "customer_id", "terminal_id", "event_time", "amount_minor", "currency")
PLACE: Final = ("partition", "offset")
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Recomputed:
    """Some rows of one partition and epoch; `cold` are those whose windows reach before all that was folded.

    `churn` None: its generation is not kept.
    """

    rows: pa.RecordBatch
    sight: Sight
    decided: Decisions
    decider: Decider
    churn: Churn | None
    epoch: Epoch
    cold: Bools
    cells: Mapping[str, Sequence[Any]]
    """What decisions repeat of rows, by column."""
    shared: Mapping[str, Any]
    """What they repeat of their epoch."""

    @classmethod
    def of(
        cls, rows: pa.RecordBatch, sight: Sight, epoch: Epoch, decider: Decider, *, churn: Churn | None, cold: Bools
    ) -> "Recomputed":
        columns = {name: rows[name] for name in (*COPIED, *PLACE)}
        columns["event_time"] = rows["event_time"].cast(pa.int64())
        cells = {name: column.to_pylist() for name, column in columns.items()}
        decided = decider.decide(rows, sight, churn)
        return cls(rows, sight, decided, decider, churn, epoch, cold, cells, of_epoch(epoch))

    @property
    def offsets(self) -> Sequence[int]:
        return self.cells["offset"]

    @property
    def flagged(self) -> Bools:
        found: Bools = self.decided.outcome != Outcome.APPROVE
        return found

    @property
    def unkept(self) -> bool:
        """Whether it would have taken a generation that is not there."""
        return self.churn is None

    def fields(self, row: int, told: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """`told` is what the published decision says of churn."""
        decided, place = self._decided(row, told)
        marks = int(self.sight.marks[row]) | int(decided.marks[place]) | (int(Mark.COLD_STATE) if self.cold[row] else 0)
        found: dict[str, Any] = {name: self.cells[name][row] for name in COPIED} | dict(self.shared)
        return found | {
            "features": decided.features[place].tolist(),
            "raw_margin": float(decided.raw_margin[place]),
            "score": float(decided.score[place]),
            "outcome": Outcome(int(decided.outcome[place])).symbol,
            "reasons": decided.reasons(place),
            "rules": decided.rule_codes(place),
            "churn": None if self.churn is None else self.churn.fields(row),
            "marks": Mark(marks).names(),
            "source": {name: self.cells[name][row] for name in PLACE},
        }

    def _decided(self, row: int, told: Mapping[str, Any] | None) -> tuple[Decisions, int]:
        """And which of its rows it is."""
        if self.churn is not None or told is None or self.decider.sparing is None:
            return self.decided, row
        one = Sight(**{each.name: getattr(self.sight, each.name)[row : row + 1] for each in fields(Sight)})
        return self.decider.decide(self.rows.slice(row, 1), one, as_told(**told)), 0


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
