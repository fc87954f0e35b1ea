"""The cards of one partition as plain arrays, and back: equal histories give equal arrays, wherever they lay.

keys, newest     per card, sorted by key
counts, entries  how many entries each card has; theirs, one card after the other, in order of time
lengths, hours   how many hours each card has; hour, count and sum of theirs, the latest first
sides            what else is remembered of each
clock            of the partition
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.cards.layout import (
    BLOCK,
    BLOCK_SHIFT,
    CLOCK,
    COUNT,
    FIRST,
    FREE_BLOCK,
    FREE_HOUR,
    HOUR_NEXT,
    HOURS,
    KEY,
    NEWEST,
    NONE,
    PARTITION,
    USED_BLOCKS,
    USED_CARDS,
    USED_HOURS,
    Int32s,
    Ints,
)
from models.cards.shelf import Shelf
from models.cards.slots import find
from schemas.compiled import compiled

Arrays = Mapping[str, NDArray[Any]]


@compiled
def lengths_of(slots: Ints, rings: Int32s, hours: Ints, lengths: Ints) -> None:
    for row in range(slots.size):
        node = rings[slots[row], HOURS]
        while node != NONE:
            lengths[row] += 1
            node = hours[node, HOUR_NEXT]


@compiled
def take_out(  # noqa: PLR0917
    slots: Ints, rings: Int32s, entries: Ints, links: Int32s, hours: Ints, out_entries: Ints, out_hours: Ints
) -> None:
    to, hour_to = 0, 0
    for slot in slots:
        at = int(rings[slot, FIRST])
        for left in range(rings[slot, COUNT], 0, -1):
            out_entries[to, 0] = entries[at >> BLOCK_SHIFT, at & (BLOCK - 1)]
            out_entries[to, 1] = entries[at >> BLOCK_SHIFT, BLOCK + (at & (BLOCK - 1))]
            to += 1
            at += 1
            if at & (BLOCK - 1) == 0 and left > 1:
                at = int(links[(at - 1) >> BLOCK_SHIFT]) * BLOCK
        node = rings[slot, HOURS]
        while node != NONE:
            out_hours[hour_to] = hours[node, :HOUR_NEXT]
            hour_to += 1
            node = hours[node, HOUR_NEXT]


@compiled
def put_in(  # noqa: PLR0917
    slots: Int32s,
    rings: Int32s,
    entries: Ints,
    links: Int32s,
    hours: Ints,
    state: Ints,
    counts: Ints,
    in_entries: Ints,
    lengths: Ints,
    in_hours: Ints,
) -> None:
    source, hour_source = 0, 0
    for row in range(slots.size):
        slot = slots[row]
        at = int(NONE)
        for number in range(counts[row]):
            if number & (BLOCK - 1) == 0:
                block = state[FREE_BLOCK]
                if block == NONE:
                    block = state[USED_BLOCKS]
                    state[USED_BLOCKS] += 1
                else:
                    state[FREE_BLOCK] = links[block]
                if number == 0:
                    rings[slot, FIRST] = block * BLOCK
                else:
                    links[at >> BLOCK_SHIFT] = block
                at = block * BLOCK - 1
            at += 1
            entries[at >> BLOCK_SHIFT, at & (BLOCK - 1)] = in_entries[source, 0]
            entries[at >> BLOCK_SHIFT, BLOCK + (at & (BLOCK - 1))] = in_entries[source, 1]
            source += 1
        rings[slot, COUNT] = counts[row]
        before = int(NONE)
        for _ in range(lengths[row]):
            node = state[FREE_HOUR]
            if node == NONE:
                node = state[USED_HOURS]
                state[USED_HOURS] += 1
            else:
                state[FREE_HOUR] = hours[node, HOUR_NEXT]
            hours[node, :HOUR_NEXT] = in_hours[hour_source]
            hours[node, HOUR_NEXT] = NONE
            hour_source += 1
            if before == NONE:
                rings[slot, HOURS] = node
            else:
                hours[before, HOUR_NEXT] = node
            before = node


def extract(shelf: Shelf, partition: int, idle_ms: int) -> dict[str, NDArray[Any]]:
    shelf.know(partition)
    used = int(shelf.state[USED_CARDS])
    clock = shelf.clocks[partition + 1].copy()
    there = (shelf.rings[:used, PARTITION] == partition) & (shelf.rings[:used, COUNT] > 0)
    slots = np.flatnonzero(there & (clock[CLOCK] - shelf.cards[:used, NEWEST] <= idle_ms))
    slots = slots[np.argsort(shelf.cards[slots, KEY].view(np.uint64))]
    counts, lengths = shelf.rings[slots, COUNT].astype(np.int64), np.zeros(len(slots), np.int64)
    lengths_of(slots, shelf.rings, shelf.hours, lengths)
    entries, hours = np.empty((counts.sum(), 2), np.int64), np.empty((lengths.sum(), HOUR_NEXT), np.int64)
    take_out(slots, shelf.rings, shelf.entries, shelf.links, shelf.hours, entries, hours)
    cards = shelf.cards[slots]
    return {
        "keys": cards[:, KEY].copy(),
        "newest": cards[:, NEWEST].copy(),
        "counts": counts,
        "entries": entries,
        "lengths": lengths,
        "hours": hours,
        "sides": shelf.sides[slots],
        "clock": clock,
    }


def insert(shelf: Shelf, partition: int, arrays: Arrays) -> None:
    """Of a partition of which the shelf holds nothing."""
    shelf.know(partition)
    shelf.clocks[partition + 1] = arrays["clock"]
    keys, counts, lengths = arrays["keys"], arrays["counts"], arrays["lengths"]
    slots = np.empty(len(keys), np.int32)
    shelf.more_cards(len(keys))
    shelf.more_blocks(int((-(-counts // BLOCK)).sum()))
    shelf.more_hours(int(lengths.sum()))
    where = np.full(len(keys), partition, np.int32)
    find(shelf.table, shelf.cards, shelf.rings, shelf.sides, shelf.state, keys, where, 0, slots)
    shelf.cards[slots, NEWEST] = arrays["newest"]
    shelf.sides[slots] = arrays["sides"]
    put_in(
        slots,
        shelf.rings,
        shelf.entries,
        shelf.links,
        shelf.hours,
        shelf.state,
        counts,
        arrays["entries"],
        lengths,
        arrays["hours"],
    )
