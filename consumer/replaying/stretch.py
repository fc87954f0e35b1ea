"""What is asked for: from one offset of a partition up to another, said by offsets or by times."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

EARLIEST: Final = "earliest"
END: Final = "end"


@dataclass(frozen=True, slots=True)
class At:
    """A time in milliseconds."""

    ms: int


Bound = int | At | str
"""An offset, a time, EARLIEST or END."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Offsets from `start` up to `end`, which is not in it."""

    partition: int
    start: int
    end: int

    def __len__(self) -> int:
        return max(self.end - self.start, 0)

    def __contains__(self, offset: int) -> bool:
        return self.start <= offset < self.end


class Ground(Protocol):
    """What is known of a log."""

    begins: dict[int, int]
    ends: dict[int, int]

    def offset_at(self, partition: int, time_ms: int) -> int: ...


def stretches(
    ground: Ground, begin: Bound, end: Bound, partition: int | None, decided: Mapping[int, int]
) -> Iterator[Stretch]:
    """Of each partition, or of the one; never beyond `decided`, the offsets that the group has not come to yet."""
    for each in sorted(ground.ends) if partition is None else [partition]:
        last = decided.get(each, -1)
        limit = ground.ends[each] if last < 0 else min(last, ground.ends[each])
        yield Stretch(each, _offset(ground, each, begin), min(_offset(ground, each, end), limit))


def _offset(ground: Ground, partition: int, bound: Bound) -> int:
    low, high = ground.begins[partition], ground.ends[partition]
    if isinstance(bound, At):
        return ground.offset_at(partition, bound.ms)
    if isinstance(bound, str):
        return low if bound == EARLIEST else high
    return min(max(bound, low), high)
