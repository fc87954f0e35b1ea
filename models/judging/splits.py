"""Which days train, which pick thresholds, which judge. Always in this order, with gaps as long as labels take.

    warm-up | train | gap | pick | gap | test

The gaps keep a verdict that arrives late from telling the future: what is judged could not have been known.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from models.judging.counts import Flags
from models.judging.ranking import Integers
from schemas.errors import Usage

DAY_MS: Final = 86_400_000


class Period(NamedTuple):
    """From `start` to before `end`, in milliseconds."""

    start: int
    end: int

    def holds(self, times: Integers) -> Flags:
        held: Flags = (times >= self.start) & (times < self.end)
        return held


@dataclass(frozen=True, slots=True)
class Lengths:
    """In days."""

    warm_up: int = 30
    train: int = 28
    gap: int = 7
    pick: int = 7
    test: int = 7


@dataclass(frozen=True, slots=True)
class Split:
    train: Period
    pick: Period
    test: Period

    @classmethod
    def until(cls, end: int, lengths: Lengths) -> Self:
        """The newest split whose test period ends there; every earlier one is a fold of the same shape."""
        test = Period(end - lengths.test * DAY_MS, end)
        pick_end = test.start - lengths.gap * DAY_MS
        pick = Period(pick_end - lengths.pick * DAY_MS, pick_end)
        train_end = pick.start - lengths.gap * DAY_MS
        return cls(Period(train_end - lengths.train * DAY_MS, train_end), pick, test)

    def check(self, first: int, lengths: Lengths) -> None:
        """Refuses data that does not reach back far enough for windows to be warm when training begins."""
        needed = self.train.start - lengths.warm_up * DAY_MS
        if first > needed:
            missing = -(-(first - needed) // DAY_MS)
            raise Usage(
                f"the data begins {missing} days too late for {lengths.warm_up} days of warm-up before training",
                fix="give older data, or shorten --warm-up, --train, --gap, --pick or --test",
            )


def prequential(first: int, end: int, lengths: Lengths, folds: int) -> list[Split]:
    """Splits whose test periods follow one another up to `end`, oldest first: as many of `folds` as the data allows."""
    splits = [Split.until(end - back * lengths.test * DAY_MS, lengths) for back in range(folds)]
    warm = [split for split in splits if split.train.start - lengths.warm_up * DAY_MS >= first]
    return warm[::-1]
