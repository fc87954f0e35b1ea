"""The rows of a stretch matched with the answers that were published on them, on each topic that has any.

An answer that comes long after its neighbours is matched at the end. Memory is bounded by a lot, by the answers around
it, by three bits an offset and by the flags that are missing.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from consumer.epochs import BACKLOG
from consumer.replaying.account import Account
from consumer.replaying.answers import Answer, Answers
from consumer.replaying.archive import Archive
from consumer.replaying.difference import COLD, Difference, Kind, differing
from consumer.replaying.epochs import Epoch, Epochs
from consumer.replaying.past import Seen
from consumer.replaying.recomputed import Recomputed
from consumer.replaying.stretch import Stretch
from models.policy import Outcome

CLOCKS_MS: Final = 3_600_000
"""How far apart the clocks of workers and brokers may be."""
MOST_MISSING: Final = 10_000
"""So many flags are waited for, should they turn up out of order."""
APPROVED: Final = Outcome.APPROVE.symbol


def published_since(epochs: Epochs, offset: int) -> int:
    """A time before which nothing was published on records from that offset on."""
    first = epochs.at(offset)
    return 0 if first is None or epochs.goes_back else max(first.written_ms - CLOCKS_MS, 0)


def home_of(archive: Archive, epoch: Epoch) -> str | None:
    """The topic on which its flags stand; None where that is not to be had."""
    if BACKLOG not in epoch.degraded:
        return archive.flags.topic
    return None if archive.scores is None else archive.scores.topic


class Matching:
    """Rows of a stretch with the answers that were published on them."""

    def __init__(self, archive: Archive, stretch: Stretch, epochs: Epochs, account: Account) -> None:
        since, logs = published_since(epochs, stretch.start), archive.published
        self._flags, self._archive = archive.flags.topic, archive
        self._answers = {topic: Answers(log, archive.decisions, stretch, since) for topic, log in logs.items()}
        self._answered = {topic: np.zeros(len(stretch), np.bool_) for topic in logs}
        self._rows = np.zeros(len(stretch), np.bool_)
        self._stretch, self._account, self._ordered = stretch, account, archive.ordered
        self._due: dict[str, dict[int, list[Answer]]] = {topic: {} for topic in logs}
        self._missing: dict[int, tuple[str, Mapping[str, Any]]] = {}
        self._refused: dict[int, str] = {}

    def named(self, below: int) -> dict[int, int]:
        """Takes the answers on the lot that ends there, and tells which epochs they name."""
        self._due = {topic: answers.below(below) for topic, answers in self._answers.items()}
        due = [each[0] for answers in reversed(self._due.values()) for each in answers.values()]
        return {each.offset: each.fields["epoch"] for each in due if each.fields is not None}

    def lot(self, seen: Seen, recomputed: Sequence[Recomputed]) -> None:
        self._account.refused += len(seen.refused)
        self._refused |= {offset: f"{each.reason}" for offset, each in seen.refused.items()}
        for part in seen.parts:
            self._rows[part.rows["offset"].to_numpy() - self._stretch.start] = True
            if part.epoch is None:
                self._too_early(part.rows["offset"].to_pylist())
        for each in recomputed:
            self._rows_of(each)
        for topic, left in self._due.items():
            for answers in left.values():
                self._unasked(topic, answers)

    def end(self) -> None:
        """What turns up late is matched late; then what is missing is missing."""
        for topic, answers in self._answers.items():
            for each in answers.rest():
                self._late(topic, each)
        for offset in sorted(self._missing):
            self._account.found([self._absent(offset, self._missing[offset][1])])

    def _rows_of(self, found: Recomputed) -> None:
        account, flagged = self._account, found.flagged
        account.rows += int((~found.cold).sum())
        account.cold += int(found.cold.sum())
        account.flags += int(flagged.sum())
        home = home_of(self._archive, found.epoch)
        for row, offset in enumerate(found.offsets):
            answers = [(topic, due.pop(offset)) for topic, due in self._due.items() if offset in due]
            if not answers and not flagged[row]:
                continue
            told = next((each.fields["churn"] for _, several in answers for each in several if each.fields), None)
            fields, cold = found.fields(row, told), bool(found.cold[row])
            for topic, each in answers:
                self._compare(topic, each, fields, cold)
                if topic == self._flags and (home != topic or not flagged[row]) and not cold:
                    self._stray(each[0], fields)
            if flagged[row] and home is not None and not any(topic == home for topic, _ in answers):
                self._expect(home, offset, fields, cold)

    def _too_early(self, offsets: Sequence[int]) -> None:
        """Decisions of a time at which, by the epochs, nobody decided."""
        for topic, due in self._due.items():
            for answer in (each for offset in offsets for each in due.pop(offset, ())):
                said = (answer.fields or {}).get("epoch")
                if self._first(topic, answer.offset):
                    self._account.found([self._difference(Kind.FIELD, answer, "epoch", said)])
                else:
                    self._doubled(answer)

    def _compare(self, topic: str, answers: Sequence[Answer], fields: Mapping[str, Any], cold: bool) -> None:
        readable = [each for each in answers if each.fields is not None]
        self._unasked(topic, [each for each in answers if each.fields is None])
        for each in readable:
            if self._first(topic, each.offset):
                self._hold_against(topic, each, fields, cold)
            else:
                self._doubled(each)

    def _hold_against(self, topic: str, answer: Answer, fields: Mapping[str, Any], cold: bool) -> None:
        published = answer.fields or {}
        found = [self._difference(Kind.FIELD, answer, *each) for each in differing(published, fields)]
        self._account.answers[topic] += 1
        if not cold and COLD not in published["marks"]:
            self._account.found(found)
        elif found:
            self._account.cold_differing += 1

    def _stray(self, answer: Answer, fields: Mapping[str, Any]) -> None:
        """The right decision where only flags are to stand."""
        if answer.fields is not None and answer.fields["outcome"] == fields["outcome"]:
            self._account.found([self._difference(Kind.UNASKED, answer, published="no flag was to be published")])

    def _expect(self, home: str, offset: int, fields: Mapping[str, Any], cold: bool) -> None:
        if cold:
            self._account.cold_differing += 1
        elif len(self._missing) < MOST_MISSING:
            self._missing[offset] = home, fields
        else:
            self._account.found([self._absent(offset, fields)])

    def _late(self, topic: str, answer: Answer) -> None:
        if answer.fields is None or not self._rows[answer.offset - self._stretch.start]:
            self._unasked(topic, [answer])
        elif not self._first(topic, answer.offset):
            self._doubled(answer)
        elif self._missing.get(answer.offset, ("",))[0] == topic:
            self._hold_against(topic, answer, self._missing.pop(answer.offset)[1], cold=False)
        elif topic != self._flags:
            self._account.out_of_order += 1
        else:
            self._account.found([self._difference(Kind.FIELD, answer, "outcome", answer.fields["outcome"], APPROVED)])

    def _unasked(self, topic: str, answers: Sequence[Answer]) -> None:
        for each in answers:
            if each.fields is None:
                self._account.found([self._difference(Kind.UNREADABLE, each, published=each.why)])
            elif not self._rows[each.offset - self._stretch.start]:
                why = self._refused.get(each.offset)
                said = f"the record cannot be scored: {why}" if why else "there is no such record"
                self._account.found([self._difference(Kind.UNASKED, each, published=said)])
            elif self._first(topic, each.offset):
                continue
            else:
                self._doubled(each)

    def _doubled(self, answer: Answer) -> None:
        if self._ordered.again(self._stretch.partition, answer.offset):
            self._account.again += 1
            return
        self._account.found([self._difference(Kind.DOUBLED, answer, published=(answer.fields or {})["outcome"])])

    def _first(self, topic: str, offset: int) -> bool:
        place = offset - self._stretch.start
        first = not self._answered[topic][place]
        self._answered[topic][place] = True
        return bool(first)

    def _absent(self, offset: int, fields: Mapping[str, Any]) -> Difference:
        said, partition = {"outcome": fields["outcome"], "score": fields["score"]}, self._stretch.partition
        return Difference(Kind.MISSING, partition, offset, fields["event_id"], place="", recomputed=said)

    def _difference(
        self,
        kind: Kind,
        answer: Answer,
        field: str = "",
        published: Any = None,  # noqa: ANN401 - of any field
        recomputed: Any = None,  # noqa: ANN401
    ) -> Difference:
        event, partition = str((answer.fields or {}).get("event_id", "")), self._stretch.partition
        return Difference(kind, partition, answer.offset, event, answer.place, field, published, recomputed)
