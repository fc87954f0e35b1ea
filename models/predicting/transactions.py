"""Transactions out of a file or a request, decided as the stream would decide the same log.

    learn      verdicts, all of them, in any order
    remember   what the cards had been through before: folded, not answered
    decide     folded in their order, each answered as of its own time, with a full decision

It is the scorer's memory and the scorer's decider. The same rows after the same history and verdicts get the same
bits, and the same rows are refused, for the same reasons. What nobody gave cannot be known: a row is marked
`cold_state` where the history does not reach back over its longest window, and where no verdicts were given at all.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models import decision_fields
from models.bank import Bank
from models.churn.weighed import Churn, Times, nothing
from models.decide import Decider, Decisions
from models.decision_fields import PLACE, by
from models.feature_list import LONGEST_MS
from models.labels.rows import label_columns
from models.memory import Sight
from models.policies.reasons import told
from schemas.contracts import LABEL
from schemas.lot import Checks, Lot
from schemas.lot.buffers import numbers
from schemas.lot.stamped import from_stamped
from schemas.verdicts import Mark

CHURN_UNAVAILABLE: Final = "churn_unavailable"

Rows = Iterable[Mapping[str, object]]
LookUp = Callable[[pa.Array, Times], Churn]


def nobody(_: pa.Array, at: Times) -> Churn:
    """Of no customer is anything known."""
    return nothing(len(at))


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """Some transactions in their order; row for row the same in `lot.rows`, `sight`, `decisions` and `churn`."""

    lot: Lot
    sight: Sight
    decisions: Decisions
    churn: Churn
    decider: Decider

    def __len__(self) -> int:
        return int(self.lot.rows.num_rows)

    @property
    def cold(self) -> NDArray[np.bool_]:
        """Rows of which some window reaches further back than what was given."""
        cold: NDArray[np.bool_] = (self.sight.marks & np.uint32(Mark.COLD_STATE)) != 0
        return cold

    def fields(self) -> list[dict[str, Any]]:
        """Full decisions, as the stream publishes them but for where and when, with their reasons in sentences."""
        shared = dict(by(self.decider)) | {"degraded": [] if self.churn.available else [CHURN_UNAVAILABLE]}
        fields = decision_fields.fields(self.lot.rows, self.sight, self.decisions, self.churn)
        found = []
        for all_, cold in zip(fields, self.cold.tolist(), strict=True):
            one = {name: value for name, value in all_.items() if name not in PLACE}
            found.append(one | shared | {"sentences": told(one["reasons"]), "cold_state": cold})
        return found


class Fold:
    """One small log. `complete_since_ms`: before that its cards had nothing, or nothing that is not in the history."""

    def __init__(
        self,
        bank: Bank,
        decider: Decider,
        *,
        checks: Checks | None = None,
        look_up: LookUp = nobody,
        complete_since_ms: int | None = None,
    ) -> None:
        self._memory, self._money = bank.memory(), bank.money
        self._decider, self._look_up, self._checks = decider, look_up, checks or Checks()
        self._told, self._since_ms = complete_since_ms is not None, complete_since_ms
        self._labels = self._rows = 0
        self._labelled = False

    def learn(self, rows: Rows, *, text: bool = False) -> Lot:
        """Before the transactions that are to see them. Without `timestamp` known at once, see `labels.delay`."""
        lot = from_stamped(rows, self._checks, text=text, contract=LABEL, first=self._labels)
        self._labels += _size(lot)
        self._labelled = True
        self._memory.learn(label_columns(lot.rows, self._money))
        return lot

    def remember(self, rows: Rows, *, text: bool = False) -> Lot:
        """Brought into the order of arrival, as far as they are handed in at once."""
        lot = self._lot(rows, text)
        self._memory.remember(_by_arrival(lot.rows))
        self._begin(lot)
        return lot

    def decide(self, rows: Rows, *, text: bool = False) -> Decided:
        lot = self._lot(rows, text)
        sight = self._covered(self._memory.see(lot.rows))
        churn = self._look_up(lot.rows["customer_id"], sight.at)
        return Decided(lot, sight, self._decider.decide(lot.rows, sight, churn), churn, self._decider)

    def _lot(self, rows: Rows, text: bool) -> Lot:
        lot = from_stamped(rows, self._checks, text=text, first=self._rows)
        self._rows += _size(lot)
        return lot

    def _begin(self, history: Lot) -> None:
        """Nothing is known from before the first row of the history, unless somebody said so."""
        if self._told or not history.rows.num_rows:
            return
        first = int(numbers(history.rows["timestamp"]).min())
        self._since_ms = first if self._since_ms is None else min(first, self._since_ms)

    def _covered(self, sight: Sight) -> Sight:
        cold = np.ones(len(sight.at), np.bool_)
        if self._labelled and self._since_ms is not None:
            cold = sight.at - LONGEST_MS < self._since_ms
        return replace(sight, marks=sight.marks | np.uint32(Mark.COLD_STATE) * cold) if cold.any() else sight


def _by_arrival(rows: pa.RecordBatch) -> pa.RecordBatch:
    """What arrived at once stays as it stood."""
    stamps = numbers(rows["timestamp"])
    if (stamps[1:] >= stamps[:-1]).all():
        return rows
    return rows.take(pa.array(np.argsort(stamps, kind="stable")))


def _size(lot: Lot) -> int:
    return int(lot.rows.num_rows) + len(lot.refusals)
