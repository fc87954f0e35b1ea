"""Decisions as records: the fields of the contract, framed, with headers derived from the input alone."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consumer.decision_columns import InColumns
from consumer.decision_headers import headers_for
from consumer.decision_rows import ByRows
from consumer.epochs import BACKLOG, Circumstances
from consumer.judged import Answered, Judged
from consumer.lots import Sheaf
from models.policy import APPROVE
from schemas.contracts import DECISION, Contract
from schemas.encoding import header, to_json
from schemas.framing import CONTENT_TYPES, Framing
from schemas.lot.buffers import numbers, texts
from schemas.lot.cells import place
from schemas.writing import Writer

Ints = NDArray[np.int64]

PARTITION, OFFSET, TIME, CARD = map(place, ("partition", "offset", "event_time", "card_id"))


@dataclass(frozen=True, slots=True)
class Desk:
    """Where decisions go and how they are written. `scores_topic` None: only flags are written."""

    flags_topic: str
    scores_topic: str | None
    values: Callable[[Answered], list[bytes]]
    content_type: bytes

    @classmethod
    def of(
        cls,
        flags_topic: str,
        scores_topic: str | None,
        style: Framing,
        register: Callable[[Contract], int] | None = None,
    ) -> "Desk":
        """`register` as for `schemas.encoding.encoder`."""
        in_json = style is Framing.JSON
        values = ByRows(to_json) if in_json else InColumns(Writer(DECISION, header(DECISION, style, register)))
        return cls(flags_topic, scores_topic, values, CONTENT_TYPES[style].encode())

    def records(
        self, judged: Judged, now: Circumstances, first_offset: Callable[[int], int], now_ms: int
    ) -> list[Sheaf]:
        """Each topic's in input order; flags before the scores, among which they stand again."""
        outcome, flagging = judged.decided.outcome, BACKLOG not in now.degraded
        flags = np.flatnonzero(outcome != APPROVE) if flagging else np.zeros(0, np.int64)
        rows = flags if self.scores_topic is None else np.arange(len(outcome))
        if not len(rows):
            return []
        answered = Answered(judged, rows, _epochs(judged, first_offset), now, now_ms)
        sheaf = self._sheaf(answered, self.scores_topic or self.flags_topic)
        again = self.scores_topic is not None and len(flags)
        return [sheaf.at(flags.tolist(), self.flags_topic), sheaf] if again else [sheaf]

    def _sheaf(self, of: Answered, topic: str) -> Sheaf:
        rows, messages = of.judged.lot.rows, of.judged.fetched.messages
        partitions, offsets = (numbers(rows.column(each))[of.rows].astype(np.int64) for each in (PARTITION, OFFSET))
        said = headers_for(
            of.judged.fetched.topic,
            partitions,
            offsets,
            numbers(rows.column(TIME))[of.rows],
            content_type=self.content_type,
            messages=[messages[each] for each in of.judged.lot.index[of.rows].tolist()],
        )
        keys = texts(rows.column(CARD)).cut(of.rows)
        return Sheaf(topic, partitions.tolist(), keys, self.values(of), said)


def _epochs(judged: Judged, first_offset: Callable[[int], int]) -> Ints:
    """By row, the first offset of the epoch that holds there."""
    known = np.zeros(max(judged.fetched.spans) + 1, np.int64)
    for partition in judged.fetched.spans:
        known[partition] = first_offset(partition)
    epochs: Ints = known[numbers(judged.lot.rows.column(PARTITION))]
    return epochs
