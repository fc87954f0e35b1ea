"""What the demo counts: every decision it reads from the topics, as any subscriber would."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from fraudstream.decision import Decision

SHOWN: Final = 40
RECENT: Final = 1_000
Place = tuple[int, int]
"""Partition and offset of a transaction."""


@dataclass(slots=True)
class ScoreBoard:
    """`seen` holds each answered offset, so that a doubled answer is noticed.

    `truth` tells the scenario of an event's fraud, None of what is genuine.
    """

    started_at: float
    truth: Callable[[str], str | None] = lambda _: None
    outcomes: Counter[str] = field(default_factory=Counter)
    frauds: Counter[bool] = field(default_factory=Counter)
    """By whether they were flagged."""
    false_alarms: int = 0
    doubled: int = 0
    disordered: int = 0
    killed: int = 0
    first_flag_after: float | None = None
    flags: deque[Decision] = field(default_factory=lambda: deque(maxlen=SHOWN))
    ages_s: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    seen: dict[int, set[int]] = field(default_factory=dict)
    _asked: dict[Place, float] = field(default_factory=dict)
    _early: set[Place] = field(default_factory=set)
    _last: dict[int, int] = field(default_factory=dict)

    @property
    def scored(self) -> int:
        return self.outcomes.total()

    @property
    def told_truth(self) -> str:
        caught, all_ = self.frauds[True], self.frauds.total()
        return f"{caught:,} of {all_:,} frauds caught, {self.false_alarms:,} false alarms"

    @property
    def waiting(self) -> int:
        """Transactions without an answer."""
        return len(self._asked)

    def flag(self, decision: Decision, now: float) -> None:
        if self.first_flag_after is None:
            self.first_flag_after = now - self.started_at
        self.flags.append(decision)

    def ask(self, place: Place, now: float) -> None:
        """The transaction was seen. Its answer may have been read before."""
        if place in self._early:
            self._early.remove(place)
            self.ages_s.append(0.0)
        else:
            self._asked[place] = now

    def score(self, decision: Decision, now: float) -> None:
        place = decision["source"]["partition"], decision["source"]["offset"]
        if not self._is_new(place):
            return
        flagged = decision["outcome"] != "approve"
        self.outcomes[decision["outcome"]] += 1
        if self.truth(decision["event_id"]) is not None:
            self.frauds[flagged] += 1
        elif flagged:
            self.false_alarms += 1
        if place in self._asked:
            self.ages_s.append(now - self._asked.pop(place))
        else:
            self._early.add(place)

    def age(self, share: float) -> float:
        """Milliseconds from seeing a transaction to seeing its answer, of this share of the latest at most."""
        ages = sorted(self.ages_s)
        return ages[min(int(share * len(ages)), len(ages) - 1)] * 1000 if ages else 0.0

    def oldest(self, now: float) -> float:
        """For how many seconds the transaction has waited that waits longest."""
        return now - next(iter(self._asked.values()), now)

    def _is_new(self, place: Place) -> bool:
        partition, offset = place
        answered = self.seen.setdefault(partition, set())
        if offset in answered:
            self.doubled += 1
            return False
        if offset < self._last.get(partition, -1):
            self.disordered += 1
        self._last[partition] = offset
        answered.add(offset)
        return True
