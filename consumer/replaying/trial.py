"""What another model or policy would have decided of a stretch, beside what was published: nothing is published.

The features are those of the time: the same state, and the labels that were known to the epochs. A flag that was
published is what was decided; where none was, the transaction was approved.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from consumer.replaying.answers import Answers
from consumer.replaying.archive import Archive
from consumer.replaying.epochs import Epochs
from consumer.replaying.log import ROWS
from consumer.replaying.matching import published_since
from consumer.replaying.past import Part, Past
from consumer.replaying.stretch import Stretch
from models.decide import Decider
from models.feature_list import FEATURE_VERSION
from models.hashing import hash_strings
from models.history import UNKNOWN
from models.history.verdicts import Verdicts as Said
from models.judging.thresholds import Costs
from models.labels import LabelColumns
from models.policy import Outcome
from schemas.verdicts import Mark

OUTCOMES: Final = {each.symbol: each for each in Outcome}
Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the two decided, and what that came to where the verdict is known."""

    approved: int
    reviewed: int
    blocked: int
    caught: int
    missed: int
    false_alarms: int
    wrong_blocks: int
    lost_minor: int
    """Amounts of frauds that were approved."""
    cost_minor: float


@dataclass(frozen=True, slots=True)
class Change:
    partition: int
    offset: int
    before: str
    after: str
    score: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """`moved` counts transactions by outcome before and after; `judged` are those with a verdict."""

    rows: int
    cold: int
    judged: int
    frauds: int
    before: Side
    after: Side
    moved: dict[tuple[str, str], int]
    changes: Sequence[Change]
    unkept: int = 0
    """Of a churn generation that the archive does not have: nothing was weighed for them."""


@dataclass(slots=True)
class Ballot:
    parts: list[Columns] = field(default_factory=list)
    unkept: int = 0

    def add(self, **columns: NDArray[Any]) -> None:
        self.parts.append(columns)

    def columns(self) -> Columns:
        """Of each event its first row."""
        names = ("event", "amount", "before", "after", "score", "partition", "offset", "cold")
        found = {name: np.concatenate([np.zeros(0), *(part[name] for part in self.parts)]) for name in names[1:]}
        events = np.concatenate([np.zeros(0, np.uint64), *(part["event"] for part in self.parts)])
        _, first = np.unique(events, return_index=True)
        first.sort()
        return {"event": events[first]} | {name: column[first] for name, column in found.items()}


class Trial:
    def __init__(
        self,
        archive: Archive,
        decider: Decider,
        costs: Costs,
        say: Callable[[str, int], None] = lambda *_: None,
        *,
        rows: int = ROWS,
        shown: int = 20,
    ) -> None:
        self._archive, self._decider, self._costs = archive, decider, costs
        self._say, self._past, self._shown = say, Past(archive, rows), shown

    def run(self, stretches: Sequence[Stretch]) -> Comparison:
        ballot, done = Ballot(), 0
        for stretch in stretches:
            if not len(stretch):
                continue
            epochs = self._archive.epochs(stretch.partition)
            self._say(f"folding partition {stretch.partition}", done)
            self._past.begin(stretch)
            published = self._published(stretch, epochs)
            for seen in self._past.lots(stretch, epochs):
                before = {
                    offset: OUTCOMES[each[0].fields["outcome"]]
                    for answers in published
                    for offset, each in answers.below(seen.below).items()
                    if each[0].fields is not None
                }
                for part in seen.parts:
                    self._decide(part, before, ballot)
                    done += part.rows.num_rows
                self._say("decided", done)
        return replace(self._compared(ballot.columns()), unkept=ballot.unkept)

    def _published(self, stretch: Stretch, epochs: Epochs) -> list[Answers]:
        """What stands first counts last. Flags that were too old to act on are among the scores alone."""
        archive, since = self._archive, published_since(epochs, stretch.start)
        logs = [archive.flags] if archive.scores is None or not epochs.backlogs else [archive.scores, archive.flags]
        return [Answers(log, archive.decisions, stretch, since) for log in logs]

    def _decide(self, part: Part, before: dict[int, Outcome], ballot: Ballot) -> None:
        """What nobody had decided has nothing to be compared with; a copy of an event is not another one."""
        if part.epoch is None or part.epoch.feature_version != FEATURE_VERSION:
            return
        churn = self._archive.generations.churn(part.rows, part.sight.at, part.epoch, self._decider)
        if churn is None and self._decider.sparing is not None:
            ballot.unkept += part.rows.num_rows
        decided, rows = self._decider.decide(part.rows, part.sight, churn), part.rows
        offsets = rows["offset"].to_numpy()
        once = part.sight.marks & np.uint32(Mark.REDELIVERED) == 0
        was = np.array([before.get(each, Outcome.APPROVE) for each in offsets.tolist()], np.int64)
        columns = {
            "event": hash_strings(rows["event_id"]),
            "amount": part.sight.amount,
            "before": was,
            "after": decided.outcome.astype(np.int64),
            "score": decided.score,
            "partition": rows["partition"].to_numpy(),
            "offset": offsets,
            "cold": part.cold,
        }
        ballot.add(**{name: column[once] for name, column in columns.items()})

    def _compared(self, found: Columns) -> Comparison:
        self._say("reading verdicts", 0)
        said = self._said(found["event"])
        before, after = found["before"].astype(np.int64), found["after"].astype(np.int64)
        pairs, counts = np.unique(np.column_stack([before, after]), axis=0, return_counts=True)
        names = [each.symbol for each in Outcome]
        return Comparison(
            rows=len(said),
            cold=int(found["cold"].sum()),
            judged=int((said != UNKNOWN).sum()),
            frauds=int((said == 1).sum()),
            before=self._side(before, said, found["amount"]),
            after=self._side(after, said, found["amount"]),
            moved={
                (names[one], names[other]): int(count)
                for (one, other), count in zip(pairs.tolist(), counts.tolist(), strict=True)
            },
            changes=[
                Change(
                    int(found["partition"][row]),
                    int(found["offset"][row]),
                    names[before[row]],
                    names[after[row]],
                    float(found["score"][row]),
                )
                for row in np.flatnonzero(before != after)[: self._shown].tolist()
            ],
        )

    def _said(self, events: NDArray[np.uint64]) -> NDArray[np.int8]:
        """By every label there is."""
        kept = [each.take(np.isin(each.event, events)) for each in self._archive.verdicts.labels()]
        labels = LabelColumns.joined([each for each in kept if len(each)])
        return Said.of(events, labels, self._archive.bank.labels).final()

    def _side(self, outcome: NDArray[np.int64], said: NDArray[np.int8], amount: NDArray[Any]) -> Side:
        flagged, blocked = outcome != Outcome.APPROVE, outcome == Outcome.BLOCK
        fraud, genuine = said == 1, said == 0
        wrong, reviewed = int((blocked & genuine).sum()), int((flagged & ~blocked).sum())
        lost = int(amount[fraud & ~flagged].sum())
        costs = self._costs
        return Side(
            approved=int((~flagged).sum()),
            reviewed=reviewed,
            blocked=int(blocked.sum()),
            caught=int((flagged & fraud).sum()),
            missed=int((~flagged & fraud).sum()),
            false_alarms=int((flagged & genuine).sum()),
            wrong_blocks=wrong,
            lost_minor=lost,
            cost_minor=lost + costs.review_minor * reviewed + costs.wrong_block_minor * wrong,
        )
