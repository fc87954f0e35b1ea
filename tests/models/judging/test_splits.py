from itertools import pairwise

import numpy as np
import pytest

from models.judging.splits import DAY_MS, Lengths, Split, prequential
from schemas.errors import Usage

LENGTHS = Lengths(warm_up=30, train=28, gap=7, pick=7, test=7)
END = 200 * DAY_MS


def test_periods_follow_one_another_with_gaps() -> None:
    """Train, gap, pick, gap, test, and nothing else, up to the end."""
    split = Split.until(END, LENGTHS)
    days = [(each.start // DAY_MS, each.end // DAY_MS) for each in (split.train, split.pick, split.test)]
    assert days == [(144, 172), (179, 186), (193, 200)]


def test_a_moment_is_in_one_period_at_most() -> None:
    """Borders belong to the later period."""
    split = Split.until(END, LENGTHS)
    times = np.arange(0, END + DAY_MS, DAY_MS // 2)
    held = sum(each.holds(times).astype(int) for each in (split.train, split.pick, split.test))
    assert set(held.tolist()) == {0, 1}


def test_data_that_begins_too_late_is_refused_with_the_number_of_days() -> None:
    """Windows that are not warm would teach the model that everybody is new."""
    split = Split.until(END, LENGTHS)
    split.check(114 * DAY_MS, LENGTHS)
    with pytest.raises(Usage, match="3 days too late"):
        split.check(117 * DAY_MS, LENGTHS)


def test_folds_are_the_same_split_moved_back() -> None:
    """Test periods follow one another, and folds without warm data are left out."""
    splits = prequential(100 * DAY_MS, END, LENGTHS, 6)
    assert [split.test.end // DAY_MS for split in splits] == [186, 193, 200]
    assert all(first.test.end == second.test.start for first, second in pairwise(splits))
