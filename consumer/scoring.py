"""A fetched lot in, everything to publish for it out. Computes; sends nothing.

decode and check → fold, labels, features → enrich → decide → encode; then dead letters and epochs join the decisions.
Records that were answered already are decoded and folded, and nothing else.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from consumer.dead_letter_limits import Limits, counted
from consumer.dead_letters import dead_letter
from consumer.decisions import Desk
from consumer.drifting import Drifting
from consumer.enriching import Enricher
from consumer.epochs import BACKLOG, CHURN_UNAVAILABLE, LABELS_STALLED, Circumstances, Epochs
from consumer.judged import Judged
from consumer.life import Life
from consumer.lost_models import noted, refuse_rules
from consumer.lots import Fetched, Outgoing, Pending, Sheaf
from consumer.metrics import STAGE_SECONDS, child
from consumer.skips import decoded
from consumer.state import State
from models.decide import Decider
from models.labels import LabelBook
from models.memory import Sight
from models.policy import Outcome
from models.rules import RULES, Status, Statuses
from schemas.lot import Decoder, Lot, Raw, Refusal
from schemas.standing import Standing
from schemas.topics import Role
from schemas.verdicts import Mark

MARKS: Final = {mark.symbol: np.uint32(mark) for mark in Mark}
OUTCOMES: Final = tuple(outcome.symbol for outcome in Outcome)
RULE_STATUSES: Final = {
    (rule.code, status.symbol): (place, int(status))
    for status in Status
    if status is not Status.NO_HIT
    for place, rule in enumerate(RULES)
}
"""By code and status, the rule's column and the status as it stands there."""


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


class Labels(Protocol):
    """The reader of labels."""

    def begin(self, since_ms: int, *, life: Life) -> bool: ...

    def catch_up(self, book: LabelBook, life: Life) -> bool: ...

    def between_lots(self, book: LabelBook, oldest_ms: int | None) -> None: ...

    @property
    def forgot_ms(self) -> int | None:
        """Of rows of an earlier time it is not known what labels would have said."""

    def stalled(self, latest_ms: int) -> bool:
        """Whether labels may be missing that a row of that time is to see."""

    def offsets(self) -> dict[int, int]:
        """By partition of the labels, the next one to be learned."""


@dataclass(frozen=True, slots=True)
class Scorer:
    decoder: Decoder
    enricher: Enricher
    state: State
    labels: Labels
    standing: Callable[[], Standing]
    limits: Limits
    decider: Callable[[], Decider]
    drifting: Drifting
    desk: Desk
    epochs: Epochs
    encode_epoch: Callable[[Mapping[str, object]], bytes]
    topics: Mapping[Role, str]
    app_version: str
    record_limit: int
    clock_ms: Callable[[], int]
    max_age_ms: int = 0
    """Of a record whose decision is still worth a flag; 0: any."""
    rules_wanted: bool = True
    """Whether rules decide because somebody said so, be it after a model; else only where none ever did."""

    def score(self, fetched: Fetched) -> Scored | None:
        """Raises RegistryAway when a schema cannot be asked for; nothing has happened then. None: all was past."""
        with child(STAGE_SECONDS, "decode").time():
            past = None if fetched.past is None else self._decoded(fetched.past)
            lot = self._decoded(fetched.raw) if fetched.messages else None
        if past is not None and fetched.past is not None:
            with child(STAGE_SECONDS, "remember").time():
                self.state.remember(fetched.past, past.rows)
        if lot is None:
            return None
        with child(STAGE_SECONDS, "see").time():
            sight = self._covered(self.state.see(fetched.raw, lot.rows))
        with child(STAGE_SECONDS, "enrich").time():
            churn = self.enricher.look_up(lot.rows["customer_id"], sight.at)
        decider = self.decider()
        if not self.rules_wanted:
            refuse_rules(fetched.spans, decider)
        with child(STAGE_SECONDS, "decide").time():
            judged = Judged(fetched, lot, sight, decider.decide(lot.rows, sight, churn), churn)
        with child(STAGE_SECONDS, "watch").time():
            self.drifting.add(decider, sight, judged.decided)
        now = self._circumstances(judged, decider)
        with child(STAGE_SECONDS, "encode").time():
            spans = counted(fetched, lot.refusals, self.limits, self.standing())
            return Scored(Pending(self._records(judged, now), noted(spans, decider)), tally(judged, now))

    def _covered(self, sight: Sight) -> Sight:
        """Rows that are later than anything that is remembered say so."""
        forgot_ms = self.labels.forgot_ms
        if forgot_ms is None or not (late := sight.at < forgot_ms).any():
            return sight
        return replace(sight, marks=sight.marks | np.uint32(Mark.COLD_STATE) * late)

    def _decoded(self, raw: Raw) -> Lot:
        return decoded(self.decoder, raw, self.standing())

    def _circumstances(self, judged: Judged, decider: Decider) -> Circumstances:
        churn, at = judged.churn, judged.sight.at
        stalled = len(at) > 0 and self.labels.stalled(int(at.max()))
        late = 0 < self.max_age_ms < self.clock_ms() - int(judged.fetched.raw.timestamp.max())
        degraded = {CHURN_UNAVAILABLE: not churn.available, LABELS_STALLED: stalled, BACKLOG: late}
        return Circumstances(
            decider.model,
            decider.policy,
            decider.feature_version,
            churn.generation,
            tuple(name for name, holds in degraded.items() if holds),
            self.labels.offsets() if stalled else None,
        )

    def _records(self, judged: Judged, now: Circumstances) -> list[Outgoing | Sheaf]:
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


def tally(judged: Judged, now: Circumstances) -> Tally:
    outcomes = np.bincount(judged.decided.outcome, minlength=len(OUTCOMES)).tolist()
    return Tally(
        rows=len(judged.fetched.messages),
        outcomes=dict(zip(OUTCOMES, outcomes, strict=True)),
        refused=Counter([refusal.reason.value for refusal in judged.lot.refusals]) if judged.lot.refusals else {},
        marks=mark_counts(judged.marks),
        rules=rule_counts(judged.decided.statuses),
        churn=judged.churn.counts(),
        degraded=now.degraded,
        oldest_ms=int(judged.fetched.raw.timestamp.min()),
    )


def mark_counts(marks: NDArray[np.uint32]) -> dict[str, int]:
    """How many rows have each mark."""
    if not marks.any():
        return dict.fromkeys(MARKS, 0)
    return {name: int(np.count_nonzero(marks & bit)) for name, bit in MARKS.items()}


def rule_counts(statuses: Statuses) -> dict[tuple[str, str], int]:
    """How often each rule was anything but no hit."""
    if not statuses.any():
        return dict.fromkeys(RULE_STATUSES, 0)
    return {key: int(np.count_nonzero(statuses[:, place] == status)) for key, (place, status) in RULE_STATUSES.items()}
