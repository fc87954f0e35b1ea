"""What the demo counts: every decision it reads from the topics, as any subscriber would."""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final

from fraudstream.decision import Decision

SHOWN: Final = 40
RECENT: Final = 1_000


@dataclass(slots=True)
class ScoreBoard:
    """`seen` holds each answered offset, so that a doubled answer is noticed."""

    started_at: float
    outcomes: Counter[str] = field(default_factory=Counter)
    doubled: int = 0
    first_flag_after: float | None = None
    flags: deque[Decision] = field(default_factory=lambda: deque(maxlen=SHOWN))
    ages_ms: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    seen: dict[int, set[int]] = field(default_factory=dict)

    @property
    def scored(self) -> int:
        return self.outcomes.total()

    def flag(self, decision: Decision, now: float) -> None:
        if self.first_flag_after is None:
            self.first_flag_after = now - self.started_at
        self.flags.append(decision)

    def score(self, decision: Decision, now_ms: float) -> None:
        source = decision["source"]
        answered = self.seen.setdefault(source["partition"], set())
        if source["offset"] in answered:
            self.doubled += 1
            return
        answered.add(source["offset"])
        self.outcomes[decision["outcome"]] += 1
        self.ages_ms.append(now_ms - decision["event_time"])

    def age(self, share: float) -> float:
        """The age in milliseconds, from event to reader, that this share of the latest decisions stayed below."""
        ages = sorted(self.ages_ms)
        return ages[min(int(share * len(ages)), len(ages) - 1)] if ages else 0.0
