"""A decision as the contract's fields, as far as they follow from row, sight and churn: the same through every door."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import pyarrow as pa

from models.churn.weighed import Churn
from models.decide import Decider, Decisions
from models.memory import Sight
from models.policy import Outcome
from schemas.verdicts import Mark

COPIED: Final = ("event_id", "card_id", "customer_id", "terminal_id", "amount_minor", "currency")
PLACE: Final = ("partition", "offset")


class DecisionFields:
    """Gathers those of single rows, for the few that are told of; row for row the same in all that is given."""

    def __init__(self, rows: pa.RecordBatch, sight: Sight, decided: Decisions, churn: Churn) -> None:
        self._decided, self._churn = decided, churn
        self._columns = {name: rows[name] for name in (*COPIED, *PLACE)}
        self._columns["event_time"] = rows["event_time"].cast(pa.int64())
        self._marks = sight.marks | decided.marks

    def of(self, row: int) -> dict[str, Any]:
        """With `partition` and `offset` beside them."""
        decided = self._decided
        cells = {name: column[row].as_py() for name, column in self._columns.items()}
        return cells | {
            "marks": Mark(int(self._marks[row])).names(),
            "score": float(decided.score[row]),
            "raw_margin": float(decided.raw_margin[row]),
            "outcome": Outcome(int(decided.outcome[row])).symbol,
            "reasons": decided.reasons(row),
            "rules": decided.rule_codes(row),
            "features": decided.features[row].tolist(),
            "churn": self._churn.fields(row),
        }


def by(decider: Decider) -> Mapping[str, Any]:
    """What all decisions of a decider have in common."""
    return {"model": asdict(decider.model), "policy": decider.policy, "feature_version": decider.feature_version}
