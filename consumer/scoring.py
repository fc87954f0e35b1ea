"""A fetched lot in, everything to publish for it out. Computes; sends nothing.

decode and check → enrich → decide → encode; then dead letters and epochs join the decisions.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from consumer.churn import Enricher
from consumer.dead_letters import dead_letter
from consumer.decisions import Desk, Judged
from consumer.epochs import Circumstances, Epochs
from consumer.lots import Fetched, Outgoing, Pending
from consumer.metrics import STAGE_SECONDS
from models.decide import Decider
from models.memory import Memory
from models.policy import Outcome
from models.rules import RULES, Status, Statuses
from schemas.lot import Decoder, Refusal
from schemas.topics import Role
from schemas.verdicts import Mark


@dataclass(frozen=True, slots=True)
class Tally:
    """What a lot adds to the counters, once it is committed."""

    rows: int
    outcomes: Mapping[str, int]
    refused: Mapping[str, int]
    marks: Mapping[str, int]
    rules: Mapping[tuple[str, str], int]
    churn: Mapping[str, int]
    degraded: tuple[str, ...]
    oldest_ms: int


@dataclass(frozen=True, slots=True)
class Scored:
    pending: Pending
    tally: Tally


@dataclass(frozen=True, slots=True)
class Scorer:
    decoder: Decoder
    enricher: Enricher
    memory: Memory
    decider: Decider
    desk: Desk
    epochs: Epochs
    encode_epoch: Callable[[Mapping[str, object]], bytes]
    topics: Mapping[Role, str]
    app_version: str
    record_limit: int
    clock_ms: Callable[[], int]

    def score(self, fetched: Fetched) -> Scored:
        """Raises RegistryAway when a schema cannot be asked for; nothing has happened then."""
        with STAGE_SECONDS.labels("decode").time():
            lot = self.decoder.decode(fetched.raw)
        with STAGE_SECONDS.labels("enrich").time():
            churn = self.enricher.look_up(lot.rows["customer_id"].to_pylist())
        with STAGE_SECONDS.labels("decide").time():
            judged = Judged(fetched, lot, self.decider.decide(lot.rows, self.memory.see(lot.rows)), churn)
        with STAGE_SECONDS.labels("encode").time():
            return Scored(Pending(self._records(judged), fetched.spans), tally(judged))

    def _records(self, judged: Judged) -> list[Outgoing]:
        decider, churn = self.decider, judged.churn
        now = Circumstances(decider.model, decider.policy, decider.feature_version, churn.generation, churn.degraded)
        begun = self.epochs.enter(judged.fetched.spans, now)
        return [
            *(self._epoch(partition, record) for partition, record in begun.items()),
            *self.desk.records(judged, now, self.epochs.first_offset, self.clock_ms()),
            *(self._dead_letter(judged.fetched, refusal) for refusal in judged.lot.refusals),
        ]

    def _epoch(self, partition: int, record: Mapping[str, object]) -> Outgoing:
        return Outgoing(self.topics[Role.EPOCHS], partition, None, self.encode_epoch(record), [])

    def _dead_letter(self, fetched: Fetched, refusal: Refusal) -> Outgoing:
        topic = self.topics[Role.DLQ]
        return dead_letter(fetched, refusal, topic=topic, version=self.app_version, limit=self.record_limit)


def tally(judged: Judged) -> Tally:
    outcomes = np.bincount(judged.decided.outcome, minlength=len(Outcome)).tolist()
    marks = judged.lot.rows["marks"].to_numpy() | judged.decided.marks
    return Tally(
        rows=len(judged.fetched.messages),
        outcomes={outcome.symbol: outcomes[outcome] for outcome in Outcome},
        refused=Counter(refusal.reason.value for refusal in judged.lot.refusals),
        marks={str(mark.name).lower(): int(np.count_nonzero(marks & mark)) for mark in Mark},
        rules=rule_counts(judged.decided.statuses),
        churn=Counter(status.value for status in judged.churn.statuses),
        degraded=judged.churn.degraded,
        oldest_ms=int(judged.fetched.raw.timestamp.min()),
    )


def rule_counts(statuses: Statuses) -> dict[tuple[str, str], int]:
    """How often each rule was anything but no hit."""
    told = {status: (statuses == status).sum(axis=0).tolist() for status in Status if status is not Status.NO_HIT}
    return {
        (rule.code, status.symbol): counts[place] for status, counts in told.items() for place, rule in enumerate(RULES)
    }
