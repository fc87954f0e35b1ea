"""Every event in its card's past: exact windows as of its own time, then its own place in the ring.

One event: what the card remembers is laid out in a row → the event's place among it → counts and sums of the windows
that end there, highest, median and outliers of the longest, where it is asked about → folded, unless it is a copy, too
late or in the future → what is too old or too much leaves the ring. Nothing is kept running, so nothing can drift.

The median is found by counting from a first guess, the one of the card's event before: the answer does not depend on
the guess, only how soon it is found.
"""
# ruff: noqa: I001 - sixty names, not each on a line of its own

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.cards.layout import ALWAYS, AMOUNT_MIDDLE, AMOUNT_SHIFT, AT, BLOCK, BLOCK_SHIFT, CALM, CAP, CARD_WORDS
from models.cards.layout import CLOCK, COUNT, COUNTS, D1, D7, D14, D30, FIRST, FOLDED, FREE_BLOCK, FREE_HOUR, FRESH
from models.cards.layout import FUTURE_MS, GUESS, H1, HIGH_ID, HIGHEST, HIGHEST_GUESS, HOUR, HOUR_COUNT, HOUR_NEXT
from models.cards.layout import HOUR_SUM, HOURS, IDLE_MS, KEPT_MS, LOW_ID, LOWEST, M10, MEDIAN_TWICE, NEVER, NEWEST
from models.cards.layout import NONE, OUTLIERS, PARTITION, PREVIOUS, RING_WORDS, RUN, TIME_MIDDLE, TIME_SHIFT, TOTALS
from models.cards.layout import USED_BLOCKS, USED_HOURS, WINDOWS, Bytes, Int32s, Ints
from models.cards.slots import give_back
from schemas.compiled import bare, inlined
from schemas.lanes import unpack
from schemas.lot.cells import Cells, longs, place
from schemas.prefetch import prefetch
from schemas.verdicts import Mark

LATE, REDELIVERED = int(Mark.LATE), int(Mark.REDELIVERED)
FUTURE, CAPPED, FOREIGN = int(Mark.FUTURE), int(Mark.CAPPED), int(Mark.FOREIGN_CURRENCY)
EVENT_TIME, TIMESTAMP = place("event_time"), place("timestamp")
LANES: Final = 16
AHEAD: Final = 8
"""So many rows ahead a card's entries are fetched, a power of two; the card itself twice as many."""
NEXT, LEFT, PACE = range(3)
"""Of a card that is walked along: the block it has come to, how many are left, how many are fetched with each row."""
NEIGHBOURS: Final = 4
"""So often the next amount is tried before the middle of what is left."""


@inlined
def lay_out(  # noqa: PLR0917
    entries: Ints, links: Int32s, first: int, count: int, chain: Int32s, when: Ints, paid: Ints
) -> None:
    """The entries of a card in a row, from index BLOCK on; what else stands in its blocks lies outside of that."""
    block = first >> BLOCK_SHIFT
    to = BLOCK - (first & (BLOCK - 1))
    number = 0
    while count > 0 and to < BLOCK + count:
        chain[number] = block
        unpack(entries, 2 * block * BLOCK, TIME_SHIFT, TIME_MIDDLE, when, to)
        unpack(entries, (2 * block + 1) * BLOCK, AMOUNT_SHIFT, AMOUNT_MIDDLE, paid, to)
        block = links[block]
        to += BLOCK
        number += 1


@inlined
def follow(links: Int32s, first: int, count: int, chain: Int32s) -> None:
    """Which blocks the entries stand in, where nobody asks for more."""
    block = first >> BLOCK_SHIFT
    for number in range(((first & (BLOCK - 1)) + count + BLOCK - 1) >> BLOCK_SHIFT):
        chain[number] = block
        block = links[block]


@inlined
def whole(count: int) -> int:
    """As many, and as many more as fill the lanes of a vector: loops that end early are slow ones."""
    return (count + LANES - 1) & -LANES


@inlined
def middles(paid: Ints, count: int, guess: int, highest: int) -> tuple[int, int]:
    """The lower of the two middle amounts of so many, and the sum of both; what else stands there is ALWAYS."""
    lower, upper = (count - 1) >> 1, count >> 1
    low, high, tries = 0, highest, 0
    while True:
        below, equal = 0, 0
        for k in range(paid.size):
            below += paid[k] < guess
            equal += paid[k] == guess
        tries += 1
        if lower < below:
            high = NEVER
            for k in range(paid.size):
                high = max(high, paid[k] if paid[k] < guess else NEVER)
            guess = high if tries < NEIGHBOURS else (low + high) >> 1
            continue
        after = ALWAYS
        if upper >= below + equal:
            for k in range(paid.size):
                after = min(after, paid[k] if paid[k] > guess else ALWAYS)
        if lower < below + equal:
            return guess, guess + (guess if upper < below + equal else after)
        low = after
        guess = low if tries < NEIGHBOURS else (low + high) >> 1


@inlined
def position(chain: Int32s, index: int) -> int:
    """Of the entry with that index among its card's, counted from the beginning of the first block."""
    return int(chain[index >> BLOCK_SHIFT]) * BLOCK + (index & (BLOCK - 1))


@bare
def pour(  # noqa: PLR0917
    slot: int, time: int, amount: int, rings: Int32s, hours: Ints, state: Ints
) -> None:
    """An entry that has no place in the ring is counted in its hour; the latest hour stands first."""
    hour = time // H1
    before, node = NONE, int(rings[slot, HOURS])
    while node != NONE and hours[node, HOUR] > hour:
        before, node = node, hours[node, HOUR_NEXT]
    if node != NONE and hours[node, HOUR] == hour:
        hours[node, HOUR_COUNT] += 1
        hours[node, HOUR_SUM] += amount
        return
    new = state[FREE_HOUR]
    if new == NONE:
        new = state[USED_HOURS]
        state[USED_HOURS] += 1
    else:
        state[FREE_HOUR] = hours[new, HOUR_NEXT]
    hours[new, HOUR], hours[new, HOUR_COUNT], hours[new, HOUR_SUM], hours[new, HOUR_NEXT] = hour, 1, amount, node
    if before == NONE:
        rings[slot, HOURS] = new
    else:
        hours[before, HOUR_NEXT] = new


@bare
def cut(slot: int, oldest: int, rings: Int32s, hours: Ints, state: Ints) -> None:
    """Hours that began at `oldest` or before are forgotten."""
    before, node = NONE, int(rings[slot, HOURS])
    while node != NONE and hours[node, HOUR] * H1 > oldest:
        before, node = node, hours[node, HOUR_NEXT]
    if before == NONE:
        rings[slot, HOURS] = NONE
    else:
        hours[before, HOUR_NEXT] = NONE
    while node != NONE:
        after = hours[node, HOUR_NEXT]
        hours[node, HOUR_NEXT] = state[FREE_HOUR]
        state[FREE_HOUR] = node
        node = after


@bare
def empty(slot: int, rings: Int32s, links: Int32s, hours: Ints, state: Ints) -> None:
    give_back(slot, rings, links, state)
    rings[slot, COUNT] = 0
    cut(slot, ALWAYS, rings, hours, state)


@bare
def add_hours(node: int, time: int, hours: Ints, found: Ints, row: int) -> int:
    """What is known by the hour counts as if it had happened when its hour began; CAPPED if there was any."""
    mark = 0
    while node != NONE:
        then = hours[node, HOUR] * H1
        for window in range(len(WINDOWS)):
            if time - WINDOWS[window] < then <= time:
                found[row, COUNTS + window] += hours[node, HOUR_COUNT]
                found[row, TOTALS + window] += hours[node, HOUR_SUM]
                mark = CAPPED
        node = hours[node, HOUR_NEXT]
    return mark


@inlined
def walk_ahead(  # noqa: PLR0917
    row: int, slots: Int32s, cards: Ints, rings: Int32s, entries: Ints, links: Int32s, walks: Ints
) -> None:
    """What the next rows look at is asked for: cards, then block after block of their entries.

    Where a block is, only the one before says, so several cards are walked along at once, some steps with each row. A
    card whose blocks are given back meanwhile is walked astray, which costs time alone.
    """
    last = min(AHEAD, slots.size - row)
    if row + 2 * AHEAD < slots.size:
        slot = slots[row + 2 * AHEAD]
        prefetch(cards, slot * CARD_WORDS)
        prefetch(rings, slot * RING_WORDS)
        prefetch(rings, slot * RING_WORDS + RING_WORDS - 1)
    if last == AHEAD:
        slot, walk = slots[row + AHEAD - 1], (row + AHEAD - 1) & (AHEAD - 1)
        first, count = int(rings[slot, FIRST]), int(rings[slot, COUNT])
        walks[walk, NEXT] = first >> BLOCK_SHIFT
        walks[walk, LEFT] = ((first & (BLOCK - 1)) + count + BLOCK - 1) >> BLOCK_SHIFT if count else 0
        walks[walk, PACE] = (walks[walk, LEFT] + AHEAD - 1) // AHEAD
        prefetch(links, walks[walk, NEXT])
    for ahead in range(last):
        walk = (row + ahead) & (AHEAD - 1)
        for _ in range(min(walks[walk, PACE], walks[walk, LEFT])):
            block = walks[walk, NEXT]
            prefetch(entries, block * 2 * BLOCK)
            prefetch(entries, block * 2 * BLOCK + BLOCK)
            prefetch(entries, block * 2 * BLOCK + 2 * BLOCK - 1)
            walks[walk, NEXT] = links[block]
            walks[walk, LEFT] -= 1
            prefetch(links, walks[walk, NEXT])


@inlined
def look(  # noqa: PLR0917
    row: int,
    slot: int,
    time: int,
    amount: int,
    place: int,
    rings: Int32s,
    hours: Ints,
    when: Ints,
    paid: Ints,
    found: Ints,
) -> int:
    """Counts and sums of the windows that end with an event, and what stands out in the longest; CAPPED or nothing."""
    end = BLOCK + place
    for k in range(LANES):
        when[end + k] = NEVER
        paid[end + k] = ALWAYS
    c3, c4, s3, s4, highest = 1, 1, amount, amount, NONE
    times, values = when[BLOCK : BLOCK + whole(place)], paid[BLOCK : BLOCK + whole(place)]
    for k in range(times.size):
        then, value = times[k], values[k]
        highest = max(highest, value if then > time - D30 else NONE)
        c3 += then > time - D7
        s3 += value if then > time - D7 else 0
        c4 += then > time - D30
        s4 += value if then > time - D30 else 0
    c0, c1, c2, s0, s1, s2 = 1, 1, 1, amount, amount, amount
    k = end - 1
    while k >= BLOCK and when[k] > time - D1:
        c2 += 1
        s2 += paid[k]
        if when[k] > time - H1:
            c1 += 1
            s1 += paid[k]
            if when[k] > time - M10:
                c0 += 1
                s0 += paid[k]
        k -= 1
    begin, previous, twice, outliers = end - (c4 - 1), NONE, NONE, 0
    if begin < end:
        previous = when[end - 1]
        last = begin + whole(end - begin)
        guess, twice = middles(paid[begin:last], end - begin, int(rings[slot, GUESS]), highest)
        rings[slot, GUESS] = min(guess, HIGHEST_GUESS)
        if 2 * highest > 3 * twice:
            times, values = when[begin:last], paid[begin:last]
            for k in range(times.size):
                outliers += (times[k] > time - D14) & (2 * values[k] > 3 * twice)
    found[row, PREVIOUS], found[row, HIGHEST] = previous, highest
    found[row, MEDIAN_TWICE], found[row, OUTLIERS], found[row, COUNTS] = twice, outliers, c0
    found[row, COUNTS + 1], found[row, COUNTS + 2], found[row, COUNTS + 3] = c1, c2, c3
    found[row, COUNTS + 4], found[row, TOTALS], found[row, TOTALS + 1] = c4, s0, s1
    found[row, TOTALS + 2], found[row, TOTALS + 3], found[row, TOTALS + 4] = s2, s3, s4
    return add_hours(int(rings[slot, HOURS]), time, hours, found, row)


@bare
def fold(  # noqa: C901, PLR0912, PLR0915, PLR0917 - one event from beginning to end
    cards: Ints,
    rings: Int32s,
    entries: Ints,
    links: Int32s,
    hours: Ints,
    state: Ints,
    clocks: Ints,
    terms: Ints,
    when: Ints,
    paid: Ints,
    chain: Int32s,
    slots: Int32s,
    lot: Cells,
    amounts: Ints,
    foreign: NDArray[np.bool_],
    ids: Ints,
    asked: bool,
    walks: Ints,
    start: int,
    found: Ints,
    marks: NDArray[np.uint32],
    deeds: Bytes,
) -> int:
    """The first row for which there was no room, else the number of rows."""
    times, stamps = longs(lot, EVENT_TIME), longs(lot, TIMESTAMP)
    walks[:, LEFT] = 0
    for row in range(start, slots.size):
        walk_ahead(row, slots, cards, rings, entries, links, walks)
        room = state[FREE_BLOCK] != NONE or state[USED_BLOCKS] < links.size
        if not room or (state[FREE_HOUR] == NONE and state[USED_HOURS] == hours.shape[0]):
            return row
        slot, deed = slots[row], 0
        clock = rings[slot, PARTITION] + 1
        if clocks[clock, CLOCK] - cards[slot, NEWEST] > terms[IDLE_MS]:
            empty(slot, rings, links, hours, state)
            cards[slot, NEWEST] = NEVER
            deed = FRESH
        newest, count, first = cards[slot, NEWEST], int(rings[slot, COUNT]), int(rings[slot, FIRST])
        time, amount, mark = times[row], amounts[row], 0
        if stamps[row] > 0 and time - terms[FUTURE_MS] > stamps[row]:  # the sum could be too large a number
            time = stamps[row] + terms[FUTURE_MS]
            mark = FUTURE

        if asked or time <= newest:
            lay_out(entries, links, first, count, chain, when, paid)
        else:
            follow(links, first, count, chain)
        offset = first & (BLOCK - 1)
        place = count if time >= newest else int(np.searchsorted(when[BLOCK : BLOCK + count], time, "right"))
        at = place - 1 if mark == 0 and time <= newest else NONE
        while at >= 0 and when[BLOCK + at] == time:
            here = position(chain, offset + at)
            block, of = here >> BLOCK_SHIFT, here & (BLOCK - 1)
            if ((entries[block, of] & HIGH_ID) << AMOUNT_SHIFT) | (entries[block, BLOCK + of] & LOW_ID) == ids[row]:
                place, mark = at, REDELIVERED
                break
            at -= 1
        if mark == 0 and time < newest:
            mark = LATE

        if asked:
            mark |= look(row, slot, time, amount, place, rings, hours, when, paid, found)
        found[row, AT] = time
        marks[row] = mark | foreign[row] * FOREIGN

        if mark & (FUTURE | REDELIVERED) == 0 and time > newest - D30:
            deed |= FOLDED
            end = offset + count
            if count == 0 or end & (BLOCK - 1) == 0:
                block = state[FREE_BLOCK]
                if block == NONE:
                    block = state[USED_BLOCKS]
                    state[USED_BLOCKS] += 1
                else:
                    state[FREE_BLOCK] = links[block]
                if count == 0:
                    offset, end = 0, 0
                else:
                    links[chain[(end - 1) >> BLOCK_SHIFT]] = block
                chain[end >> BLOCK_SHIFT] = block
            for to in range(end, offset + place, -1):
                block, of = chain[to >> BLOCK_SHIFT], to & (BLOCK - 1)
                source, at = chain[(to - 1) >> BLOCK_SHIFT], (to - 1) & (BLOCK - 1)
                entries[block, of], entries[block, BLOCK + of] = entries[source, at], entries[source, BLOCK + at]
            block, of = chain[(offset + place) >> BLOCK_SHIFT], (offset + place) & (BLOCK - 1)
            entries[block, of] = ((time - TIME_MIDDLE) << TIME_SHIFT) | (ids[row] >> AMOUNT_SHIFT)
            entries[block, BLOCK + of] = ((amount - AMOUNT_MIDDLE) << AMOUNT_SHIFT) | (ids[row] & LOW_ID)
            newest = max(newest, time)
            cards[slot, NEWEST] = newest

            oldest = newest - terms[KEPT_MS]
            block, of = chain[offset >> BLOCK_SHIFT], offset & (BLOCK - 1)
            while (entries[block, of] >> TIME_SHIFT) + TIME_MIDDLE <= oldest:
                offset += 1
                block, of = chain[offset >> BLOCK_SHIFT], offset & (BLOCK - 1)
            if end + 1 - offset > terms[CAP]:
                then = (entries[block, of] >> TIME_SHIFT) + TIME_MIDDLE
                pour(slot, then, (entries[block, BLOCK + of] >> AMOUNT_SHIFT) + AMOUNT_MIDDLE, rings, hours, state)
                offset += 1
            if rings[slot, HOURS] != NONE:
                cut(slot, oldest, rings, hours, state)
            rings[slot, FIRST], rings[slot, COUNT] = position(chain, offset), end + 1 - offset
            for passed in range(offset >> BLOCK_SHIFT):
                links[chain[passed]] = state[FREE_BLOCK]
                state[FREE_BLOCK] = chain[passed]
        deeds[row] = deed

        clocks[clock, LOWEST] = min(clocks[clock, LOWEST], time)
        clocks[clock, RUN] += 1
        if clocks[clock, RUN] == CALM:
            clocks[clock, CLOCK] = max(clocks[clock, CLOCK], clocks[clock, LOWEST])
            clocks[clock, LOWEST], clocks[clock, RUN] = ALWAYS, 0
    return int(slots.size)
