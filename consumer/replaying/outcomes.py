"""What became of records of one partition, as far as the logs tell: from what was published, else from what was not.

A record below the committed offset on which no flag was published was approved, but only where a flag would stand: in
a stretch that the group decided, under an epoch that published flags, in the part of the topic that was read.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from consumer.epochs import BACKLOG
from consumer.replaying.archive import Archive
from consumer.replaying.epochs import Epochs
from consumer.replaying.log import Log
from models.policy import Outcome
from schemas.errors import DeadLetter
from schemas.reading import Fields, Records

NOTHING: Final = 1 << 63
"""From this offset on flags were read: none."""


class Status(StrEnum):
    """`decided`: a decision says so. `unflagged`: approved, since no flag was published. `waiting`: not decided yet.

    `not_scored`: the group began after it, or was sent past it. `unknown`: the logs do not tell.
    """

    DECIDED = "decided"
    UNFLAGGED = "unflagged"
    WAITING = "waiting"
    NOT_SCORED = "not_scored"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Became:
    status: Status
    outcome: str | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """`committed` is where the group stood; all flags on records below it stand below `flags` on their topic."""

    committed: Mapping[int, int]
    flags: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """Records of a card by offset, with their events, and how far their answers are looked for."""

    card: bytes
    partition: int
    events: Mapping[int, str]
    most: int
    until: float

    @property
    def low(self) -> int:
        return min(self.events)


@dataclass(slots=True)
class Published:
    """`since`: of the records from that offset on, all answers on the topic were seen."""

    fields: dict[int, Fields]
    since: int = NOTHING


def outcomes(archive: Archive, answered: Answered, asked: Asked) -> dict[int, Became]:
    """By offset. Flags are looked for first: they are few."""
    if not asked.events:
        return {}
    flags = _published(archive.flags, archive.decisions, asked)
    scores = _published(archive.scores, archive.decisions, asked) if archive.scores else Published({})
    absence = _Absence(archive, answered, asked, flags)
    fields = scores.fields | flags.fields
    return {each: _said(fields[each]) if each in fields else absence.means(each) for each in asked.events}


def _said(fields: Fields) -> Became:
    return Became(Status.DECIDED, fields["outcome"], fields["score"])


@dataclass(frozen=True)
class _Absence:
    """What it means that nothing was found."""

    archive: Archive
    answered: Answered
    asked: Asked
    flags: Published

    @cached_property
    def _epochs(self) -> Epochs:
        return self.archive.epochs(self.asked.partition)

    @cached_property
    def _since(self) -> int:
        """Readers of committed records may not be as far as the group is, where a transaction is still open."""
        partition = self.asked.partition
        seen = self.archive.flags.ends.get(partition, 0) >= self.answered.flags.get(partition, 0)
        return self.flags.since if seen else NOTHING

    def means(self, offset: int) -> Became:
        if offset >= self.answered.committed.get(self.asked.partition, 0):
            return Became(Status.WAITING)
        epoch = self._epochs.at(offset)
        ordered, partition = self.archive.ordered, self.asked.partition
        if epoch is None or ordered.passed_over(partition, offset):
            return Became(Status.UNKNOWN if ordered.again(partition, offset) else Status.NOT_SCORED)
        late = BACKLOG in epoch.degraded or (self._epochs.goes_back and self._epochs.backlogs)
        if late or offset < self._since:
            return Became(Status.UNKNOWN)
        return Became(Status.UNFLAGGED, Outcome.APPROVE.symbol)


def _published(log: Log, records: Records, asked: Asked) -> Published:
    """Read backwards until a whole piece answers earlier records: answers stand nearly in the order of the input."""
    found, partition = Published({}), asked.partition
    if partition not in log.ends:
        return found
    end = log.ends[partition]
    for _, batches in log.back(partition, end, asked.most):
        piece = _Piece()
        for messages in batches:
            piece.take(messages, asked.card)
        found.fields |= piece.answers(records, asked)
        oldest, newest = piece.spans(records, partition)
        found.since = min(found.since, oldest)
        if newest < asked.low or found.fields.keys() >= asked.events.keys():
            return Published(found.fields, asked.low)
        if time.monotonic() > asked.until:
            return found
    whole = log.begins[partition] == 0 and end <= asked.most
    return Published(found.fields, 0) if whole else found


class _Piece:
    """Of its messages, the card's own and those at its ends."""

    def __init__(self) -> None:
        self._own: list[Any] = []
        self._first: Any = None
        self._last: Any = None

    def take(self, messages: Any, card: bytes) -> None:  # noqa: ANN401 - the client's messages
        self._first = messages[0] if self._first is None else self._first
        self._last = messages[-1]
        self._own += [each for each in messages if each.key() == card]

    def answers(self, records: Records, asked: Asked) -> dict[int, Fields]:
        """The first on each record counts; one of another event is of a log that had this name before."""
        found: dict[int, Fields] = {}
        for each in self._own:
            fields = _read(records, each)
            if fields is None or fields["source"]["partition"] != asked.partition:
                continue
            offset = fields["source"]["offset"]
            if asked.events.get(offset) == fields["event_id"]:
                found.setdefault(offset, fields)
        return found

    def spans(self, records: Records, partition: int) -> tuple[int, int]:
        """Which records its first and its last message answer; nothing where that cannot be said."""
        at = [_read(records, each) for each in (self._first, self._last) if each is not None]
        offsets = [each["source"]["offset"] for each in at if each and each["source"]["partition"] == partition]
        return (offsets[0], max(offsets)) if len(offsets) > 1 else (NOTHING, NOTHING)


def _read(records: Records, message: Any) -> Fields | None:  # noqa: ANN401
    try:
        return records.read(message.value())
    except DeadLetter:
        return None
