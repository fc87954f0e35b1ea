"""Where the partitions of a lot begin and end in it, and whether it needs no closer look, as nearly all do not."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from consumer.places import Place
from schemas.lot import Raw

Runs = dict[int, tuple[int, int]]
FEW: Final = 64
"""Records that are looked at one by one sooner than all at once."""


def runs(raw: Raw) -> Runs:
    """By partition the rows of its first record and of its last, in the order in which they appear."""
    starts, ends = _stretches(raw.partition)
    partitions = raw.partition[starts].tolist() if len(starts) < len(raw.partition) else raw.partition.tolist()
    lasts = dict(zip(partitions, ends, strict=True))
    firsts = dict(zip(reversed(partitions), reversed(starts), strict=True))
    return {each: (firsts[each], last) for each, last in lasts.items()}


def _stretches(partition: NDArray[np.int32]) -> tuple[list[int], list[int]]:
    """Where rows of one partition begin, and where they end. They are few, since a client hands them out so."""
    rows = len(partition)
    if rows < FEW:
        return list(range(rows)), list(range(rows))
    begins = np.flatnonzero(partition[1:] != partition[:-1]) + 1
    return [0, *begins.tolist()][:rows], [*(begins - 1).tolist(), rows - 1][:rows]


def follow(raw: Raw, found: Runs, places: Mapping[int, Place], still: frozenset[int]) -> bool | None:
    """Moves the cursors behind records that simply go on where they stand. False: all of them are to be answered; True:
    all were, and the last one that was is not among them. None: each has to be looked at, and nothing has moved.
    """
    if len(raw.offset) < FEW or not still.isdisjoint(found) or not found.keys() <= places.keys():
        return None
    below = set[bool | None]()
    for partition, (first, last) in found.items():
        place, offsets = places[partition], raw.offset[raw.partition == partition]
        if place.cursor is None or raw.offset[first] < place.cursor or (offsets[1:] <= offsets[:-1]).any():
            return None
        below.add(_below(int(raw.offset[first]), int(raw.offset[last]), place.position))
    if len(below) != 1 or None in below:
        return None
    for partition, (_, last) in found.items():
        places[partition].cursor = int(raw.offset[last]) + 1
    return below.pop()


def _below(first: int, last: int, position: int) -> bool | None:
    """Of the last record that was answered it is asked whether it still is the same."""
    if first >= position:
        return False
    return True if last < position - 1 else None
