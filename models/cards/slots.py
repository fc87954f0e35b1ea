"""Which slot a card is in: found or given in one step, taken back once the card counts as gone.

A card is named by its key and its partition. Cards lie without gaps, so that nobody has to pass over empty slots.
"""

from models.cards.layout import (
    BLOCK,
    BLOCK_SHIFT,
    CLOCK,
    COUNT,
    CURSOR,
    FIRST,
    FREE_BLOCK,
    FREE_HOUR,
    GUESS,
    HOUR_NEXT,
    HOURS,
    KEY,
    NEVER,
    NEWEST,
    NONE,
    PARTITION,
    USED_CARDS,
    Int32s,
    Ints,
)
from schemas.compiled import bare


@bare
def find(  # noqa: PLR0917
    table: Int32s,
    cards: Ints,
    rings: Int32s,
    sides: Ints,
    state: Ints,
    keys: Ints,
    partitions: Int32s,
    start: int,
    slots: Int32s,
) -> int:
    """The first row for which there was no room, else the number of rows."""
    mask = table.size - 1
    for row in range(start, keys.size):
        at = keys[row] & mask
        while True:
            slot = table[at]
            if slot == NONE:
                if state[USED_CARDS] == cards.shape[0]:
                    return row
                slot = state[USED_CARDS]
                state[USED_CARDS] += 1
                table[at] = slot
                cards[slot, KEY], cards[slot, NEWEST] = keys[row], NEVER
                rings[slot, PARTITION], rings[slot, COUNT], rings[slot, HOURS] = partitions[row], 0, NONE
                rings[slot, FIRST], rings[slot, GUESS] = NONE, 0
                sides[slot, :] = 0
                break
            if cards[slot, KEY] == keys[row] and rings[slot, PARTITION] == partitions[row]:
                break
            at = (at + 1) & mask
        slots[row] = slot
    return int(keys.size)


@bare
def fill(table: Int32s, cards: Ints, used: int) -> None:
    """Every card's place anew."""
    table[:] = NONE
    mask = table.size - 1
    for slot in range(used):
        at = cards[slot, KEY] & mask
        while table[at] != NONE:
            at = (at + 1) & mask
        table[at] = slot


@bare
def place_of(table: Int32s, cards: Ints, slot: int) -> int:
    mask = table.size - 1
    at = cards[slot, KEY] & mask
    while table[at] != slot:
        at = (at + 1) & mask
    return int(at)


@bare
def forget(table: Int32s, cards: Ints, slot: int) -> None:
    """Closes the gap, so that every other card is still found from its own first place."""
    mask = table.size - 1
    hole = place_of(table, cards, slot)
    at = (hole + 1) & mask
    while table[at] != NONE:
        home = cards[table[at], KEY] & mask
        if (at - home) & mask >= (at - hole) & mask:
            table[hole] = table[at]
            hole = at
        at = (at + 1) & mask
    table[hole] = NONE


@bare
def copy_row(array: Ints | Int32s, source: int, to: int) -> None:
    for column in range(array.shape[1]):
        array[to, column] = array[source, column]


@bare
def give_back(slot: int, rings: Int32s, links: Int32s, state: Ints) -> None:
    """The blocks of its entries are free."""
    if rings[slot, COUNT] > 0:
        first = rings[slot, FIRST]
        last = first >> BLOCK_SHIFT
        for _ in range(((first & (BLOCK - 1)) + rings[slot, COUNT] - 1) >> BLOCK_SHIFT):
            last = links[last]
        links[last] = state[FREE_BLOCK]
        state[FREE_BLOCK] = first >> BLOCK_SHIFT


@bare
def evict(  # noqa: PLR0917
    table: Int32s,
    cards: Ints,
    rings: Int32s,
    sides: Ints,
    links: Int32s,
    hours: Ints,
    state: Ints,
    clocks: Ints,
    idle_ms: int,
    budget: int,
) -> int:
    """How many of the next `budget` cards were gone; the last card moves to where one was."""
    gone = 0
    for _ in range(min(budget, state[USED_CARDS])):
        if state[CURSOR] >= state[USED_CARDS]:
            state[CURSOR] = 0
        slot = state[CURSOR]
        if clocks[rings[slot, PARTITION] + 1, CLOCK] - cards[slot, NEWEST] <= idle_ms:
            state[CURSOR] += 1
            continue
        give_back(slot, rings, links, state)
        node = rings[slot, HOURS]
        while node != NONE:
            after = hours[node, HOUR_NEXT]
            hours[node, HOUR_NEXT] = state[FREE_HOUR]
            state[FREE_HOUR] = node
            node = after
        forget(table, cards, slot)
        last = state[USED_CARDS] - 1
        if slot != last:
            table[place_of(table, cards, last)] = slot
            copy_row(cards, last, slot)
            copy_row(rings, last, slot)
            copy_row(sides, last, slot)
        state[USED_CARDS] = last
        gone += 1
    return gone
