"""Decisions as records of plain fields, one at a time: what a decision record holds, written down to be read.

It writes JSON. Avro is written in columns by `consumer.decision_columns`, whose bytes are those that this would give.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from consumer.judged import Answered
from models import decision_fields


@dataclass(frozen=True, slots=True)
class ByRows:
    encode: Callable[[Mapping[str, object]], bytes]

    def __call__(self, of: Answered) -> list[bytes]:
        return [self.encode(each) for each in fields(of)]


def fields(of: Answered) -> Iterator[dict[str, Any]]:
    """Of every row that is written, in the words of the contract."""
    judged, shared, epochs = of.judged, _shared(of), of.epochs[of.rows].tolist()
    found = decision_fields.fields(judged.lot.rows, judged.sight, judged.decided, judged.churn, of.rows)
    for each, epoch in zip(found, epochs, strict=True):
        place = {"topic": judged.fetched.topic, "partition": each.pop("partition"), "offset": each.pop("offset")}
        yield each | shared | {"source": place, "epoch": epoch}


def _shared(of: Answered) -> dict[str, Any]:
    return {
        "model": asdict(of.now.model),
        "policy": of.now.policy,
        "feature_version": of.now.feature_version,
        "degraded": list(of.now.degraded),
        "scored_at": of.now_ms,
    }
