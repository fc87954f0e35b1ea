"""From lengths or dates to the split: which days teach, pick and judge."""

from dataclasses import dataclass, field, replace
from typing import Final

from models.judging.splits import DAY_MS, Lengths, Period, Split, prequential
from schemas.errors import Usage

MOST_FOLDS: Final = 52


@dataclass(frozen=True, slots=True)
class Dates:
    """Fixed ones, in milliseconds; thresholds are picked in the days before the gap before the test."""

    train: Period
    test: Period


@dataclass(frozen=True, slots=True)
class Windows:
    """`dates` None: the newest split that the data allows, and `folds` - 1 of the same shape before it.

    With `lengths.pick` of 0 thresholds are picked on rows that were learnt from, and say so.
    """

    lengths: Lengths = field(default_factory=Lengths)
    folds: int = 4
    dates: Dates | None = None

    @property
    def trains(self) -> bool:
        """Without days that teach only what exists already is judged."""
        return self.dates is not None or self.lengths.train > 0

    @property
    def keep_ms(self) -> int:
        """So far back from the newest event rows are needed."""
        if self.dates is not None:
            return 2**61
        lengths = self.lengths
        span = lengths.train + 2 * lengths.gap + lengths.pick + lengths.test * max(self.folds, 1)
        return (span + lengths.gap + 2) * DAY_MS

    def splits(self, first: int, end: int) -> list[Split]:
        """Oldest first; the last is the one that counts. Raises Usage where the data does not reach."""
        if self.dates is not None:
            return [self._fixed(self.dates)]
        newest = Split.until(end, self.lengths)
        newest.check(first, self.lengths)
        splits = prequential(first, end, self.lengths, self.folds) or [newest]
        return splits if self.lengths.pick else [replace(split, pick=split.train) for split in splits]

    def _fixed(self, dates: Dates) -> Split:
        gap, pick = self.lengths.gap * DAY_MS, self.lengths.pick * DAY_MS
        if dates.train.start >= dates.train.end or dates.test.start >= dates.test.end:
            raise Usage("a window ends before it begins", fix="give each --…-from a day before its --…-until")
        pick_end = dates.test.start - gap
        if pick_end - pick < dates.train.end:
            missing = -(-(dates.train.end - pick_end + pick) // DAY_MS)
            raise Usage(
                f"between training and test there are {missing} days too few for {self.lengths.pick} days of picking "
                f"thresholds and a gap of {self.lengths.gap}",
                fix="move the dates apart, shorten --gap or --pick, or give --pick 0",
            )
        picked = dates.train if not pick else Period(pick_end - pick, pick_end)
        return Split(dates.train, picked, dates.test)
