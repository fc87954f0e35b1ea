"""A decision as the contract's fields, as far as they follow from row, sight and churn: the same through every door."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.churn.weighed import Churn
from models.decide import Decider, Decisions
from models.memory import Sight
from models.policy import Outcome
from schemas.verdicts import Mark

COPIED: Final = ("event_id", "card_id", "customer_id", "terminal_id", "amount_minor", "currency")
PLACE: Final = ("partition", "offset")
"""Where a row stood, for whoever knows of which log."""
COLUMNS: Final = (*COPIED, "event_time", *PLACE)


def fields(
    rows: pa.RecordBatch, sight: Sight, decided: Decisions, churn: Churn, which: NDArray[np.int64] | None = None
) -> Iterator[dict[str, Any]]:
    """Of each row, or of those asked for, in their order; row for row the same in all that is given."""
    which = np.arange(rows.num_rows) if which is None else which
    marks = (sight.marks | decided.marks)[which].tolist()
    for cells, row, mark in zip(_cells(rows.take(pa.array(which))), which.tolist(), marks, strict=True):
        yield cells | {"marks": _names(mark)} | _verdict(decided, row) | {"churn": churn.fields(row)}


def by(decider: Decider) -> Mapping[str, Any]:
    """What all decisions of a decider have in common."""
    return {"model": asdict(decider.model), "policy": decider.policy, "feature_version": decider.feature_version}


def _cells(rows: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    numbers = {"event_time": rows["event_time"].cast(pa.int64())}
    columns = [numbers.get(name, rows[name]).to_pylist() for name in COLUMNS]
    for cells in zip(*columns, strict=True):
        yield dict(zip(COLUMNS, cells, strict=True))


def _verdict(decided: Decisions, row: int) -> dict[str, Any]:
    return {
        "score": float(decided.score[row]),
        "raw_margin": float(decided.raw_margin[row]),
        "outcome": Outcome(int(decided.outcome[row])).symbol,
        "reasons": decided.reasons(row),
        "rules": decided.rule_codes(row),
        "features": decided.features[row].tolist(),
    }


@lru_cache(maxsize=1_024)
def _names(mark: int) -> list[str]:
    return Mark(mark).names()
