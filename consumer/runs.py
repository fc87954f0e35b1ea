"""Where the partitions of a lot begin and end in it, and whether it needs no closer look, as nearly all do not."""

from collections.abc import Mapping
from typing import Final

from consumer.places import Place
from schemas.lot import Raw

Runs = dict[int, tuple[int, int]]
FEW: Final = 64
"""Records that are looked at one by one sooner than all at once."""


def runs(raw: Raw) -> Runs:
    """By partition the rows of its first record and of its last, in the order in which they appear."""
    partitions = raw.partition.tolist()
    lasts = dict(zip(partitions, range(len(partitions)), strict=True))
    firsts = dict(zip(reversed(partitions), range(len(partitions) - 1, -1, -1), strict=True))
    return {partition: (firsts[partition], last) for partition, last in lasts.items()}


def goes_on(raw: Raw, found: Runs, places: Mapping[int, Place], still: frozenset[int]) -> bool:
    """Whether all are ours, of partitions that are read, came once and are to be answered. False: it has to be seen."""
    if len(raw.offset) < FEW or not still.isdisjoint(found) or not found.keys() <= places.keys():
        return False
    for partition, (first, _) in found.items():
        place, offsets = places[partition], raw.offset[raw.partition == partition]
        if place.cursor is None or raw.offset[first] < max(place.cursor, place.position):
            return False
        if (offsets[1:] <= offsets[:-1]).any():
            return False
    return True
