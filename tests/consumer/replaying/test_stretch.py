from dataclasses import dataclass, field

import pytest

from consumer.replaying.stretch import EARLIEST, END, At, Bound, Stretch, stretches


@dataclass
class Ground:
    begins: dict[int, int] = field(default_factory=lambda: {0: 10, 1: 0})
    ends: dict[int, int] = field(default_factory=lambda: {0: 100, 1: 50})

    def offset_at(self, partition: int, time_ms: int) -> int:
        return min(self.begins[partition] + time_ms, self.ends[partition])


@pytest.mark.parametrize(
    ("begin", "end", "found"),
    [
        (EARLIEST, END, [(10, 90), (0, 50)]),
        (20, 40, [(20, 40), (20, 40)]),
        (5, 1_000, [(10, 90), (5, 50)]),
        (At(3), At(30), [(13, 40), (3, 30)]),
        (60, END, [(60, 90), (50, 50)]),
    ],
)
def test_bounds_are_offsets_or_times(begin: Bound, end: Bound, found: list[tuple[int, int]]) -> None:
    """Within the log, and not beyond what the group has decided; a group that committed nothing bounds nothing."""
    given = list(stretches(Ground(), begin, end, None, {0: 90, 1: -1}))
    assert [(each.start, each.end) for each in given] == found


def test_one_partition_alone() -> None:
    """The others are left out; what ends before it begins is empty."""
    assert list(stretches(Ground(), 40, 20, 1, {})) == [Stretch(1, 40, 20)]
    assert len(Stretch(1, 40, 20)) == 0
    assert 19 in Stretch(1, 10, 20)
    assert 20 not in Stretch(1, 10, 20)
