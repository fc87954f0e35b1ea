"""Decisions as records: the fields of the contract, framed, with headers derived from the input alone."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from consumer.epochs import BACKLOG, Circumstances
from consumer.lots import Fetched, Headers, Message, Outgoing, headers_of
from models.churn.weighed import Churn
from models.decide import Decisions
from models.decision_fields import DecisionFields
from models.memory import Sight
from models.policy import Outcome
from schemas import headers
from schemas.lot import Lot

EVENT_TYPE: Final = b"fraudstream.decision.v1"


@dataclass(frozen=True, slots=True)
class Judged:
    """A lot and all that was found out about it; row for row the same in `lot`, `sight`, `decided` and `churn`."""

    fetched: Fetched
    lot: Lot
    sight: Sight
    decided: Decisions
    churn: Churn

    @property
    def marks(self) -> NDArray[np.uint32]:
        """Of the record, of what is remembered, and of the decision."""
        return self.sight.marks | self.decided.marks


@dataclass(frozen=True, slots=True)
class Desk:
    """Where decisions go and how they are written. `scores_topic` None: only flags are written."""

    flags_topic: str
    scores_topic: str | None
    encode: Callable[[Mapping[str, object]], bytes]
    content_type: bytes

    def records(
        self, judged: Judged, now: Circumstances, first_offset: Callable[[int], int], now_ms: int
    ) -> list[Outgoing]:
        """In input order; a flag stands before the same decision on the topic of all scores."""
        outcome, flagging = judged.decided.outcome, BACKLOG not in now.degraded
        rows = _Rows(judged, _shared(now, now_ms))
        written = []
        for row in outcome.nonzero()[0].tolist() if self.scores_topic is None else range(len(outcome)):
            fields = rows.fields(row)
            source = fields["source"]
            fields["epoch"] = first_offset(source["partition"])
            key, value = fields["card_id"].encode(), self.encode(fields)
            said = self._headers(judged.fetched.messages[int(judged.lot.index[row])], fields)
            for topic in self._topics(flagging and outcome[row] != Outcome.APPROVE):
                written.append(Outgoing(topic, source["partition"], key, value, said))  # noqa: PERF401 two loops deep
        return written

    def _topics(self, flag: bool) -> list[str]:
        flagged = [self.flags_topic] if flag else []
        return flagged if self.scores_topic is None else [*flagged, self.scores_topic]

    def _headers(self, message: Message, fields: Mapping[str, Any]) -> Headers:
        source = fields["source"]
        time = datetime.fromtimestamp(fields["event_time"] / 1000, UTC).isoformat(timespec="milliseconds")
        said: Headers = [
            (headers.CE_SPECVERSION, b"1.0"),
            (headers.CE_ID, f"{source['topic']}/{source['partition']}/{source['offset']}".encode()),
            (headers.CE_SOURCE, f"/{source['topic']}".encode()),
            (headers.CE_TYPE, EVENT_TYPE),
            (headers.CE_TIME, time.encode()),
            (headers.CONTENT_TYPE, self.content_type),
        ]
        return said + [
            (name, value)
            for name, value in headers_of(message) or []
            if name in headers.TRACE and len(value or b"") <= headers.TRACE_BYTES
        ]


class _Rows:
    """Gathers the fields of single rows, for the few that are written."""

    def __init__(self, judged: Judged, shared: dict[str, Any]) -> None:
        self._topic, self._shared = judged.fetched.topic, shared
        self._fields = DecisionFields(judged.lot.rows, judged.sight, judged.decided, judged.churn)

    def fields(self, row: int) -> dict[str, Any]:
        found = self._fields.of(row)
        source = {"topic": self._topic, "partition": found.pop("partition"), "offset": found.pop("offset")}
        return found | self._shared | {"source": source}


def _shared(now: Circumstances, now_ms: int) -> dict[str, Any]:
    return {
        "model": asdict(now.model),
        "policy": now.policy,
        "feature_version": now.feature_version,
        "degraded": list(now.degraded),
        "scored_at": now_ms,
    }
