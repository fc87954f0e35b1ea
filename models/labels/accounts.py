"""What stands against each card and each terminal: rows sorted by step, in blocks of one arena.

A list moves to a larger block when it is full, and what it leaves is used again.
"""

# ruff: noqa: PLR0917 - numba counts references to each member of a tuple at every call
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.labels import room
from models.labels.params import EPISODE_DAYS, HORIZON_DAYS, WINDOW_DAYS, LabelParams
from schemas.compiled import compiled

Integers = NDArray[np.int64]

HALF: Final = 20
LOW_HALF: Final = (1 << HALF) - 1
"""A square has two limbs, the high one worth two to the power of 40; amounts are below two to the power of 40."""


class Accounts:
    def __init__(self, params: LabelParams) -> None:
        self.arena = np.zeros(room.HEADER, np.int64)
        self.arena[room.USED], self.arena[room.STEP] = room.HEADER, params.step_ms
        days = [HORIZON_DAYS, EPISODE_DAYS, *WINDOW_DAYS]
        self.arena[room.HORIZON : room.HORIZON + len(days)] = [params.steps(each) for each in days]
        self.cards, self.terminals = np.zeros(1, np.int64), np.zeros(1, np.int64)

    def write(self, changes: Integers, cards: int, terminals: int) -> None:
        """Carries the changes out, in their order; so many cards and terminals have a number."""
        self.cards, self.terminals = room.longer(self.cards, cards), room.longer(self.terminals, terminals)
        done = 0
        while (done := _write(self.arena, self.terminals, self.cards, changes, done)) < len(changes):
            self.arena = room.longer(self.arena, int(self.arena[room.USED] + self.arena[room.WANTED]))


@compiled
def _allocate(arena: Integers, level: int) -> int:
    """A block; if there is no room, notes how many words are wanted."""
    block = arena[level]
    if block != room.NOWHERE:
        arena[level] = arena[block]
    elif arena[room.USED] + (1 << level) > len(arena):
        arena[room.WANTED] = 1 << level
    else:
        block = arena[room.USED]
        arena[room.USED] += 1 << level
    return int(block)


@compiled
def _open(arena: Integers, accounts: Integers, number: int, level: int) -> bool:
    account = _allocate(arena, level)
    if account == room.NOWHERE:
        return False
    accounts[number] = account
    for word in range(1 << level):
        arena[account + word] = 0
    if level == room.TERMINAL_LEVEL:
        arena[account + room.EPISODE] = room.FOREVER
    return True


@compiled
def _enlarge(arena: Integers, rows: int, width: int) -> bool:
    start, size = arena[rows], arena[rows + room.SIZE] >> room.LEVEL_BITS
    level = arena[rows + room.SIZE] & room.LEVEL_MASK
    larger = level
    while 1 << larger < (size + 1) * width:
        larger += 1
    block = _allocate(arena, larger)
    if block == room.NOWHERE:
        return False
    for word in range(size * width):
        arena[block + word] = arena[start + word]
    if level > 0:
        arena[start] = arena[level]
        arena[level] = start
    arena[rows], arena[rows + room.SIZE] = block, size << room.LEVEL_BITS | larger
    return True


@compiled
def _ready(arena: Integers, account: int, kind: int, width: int) -> bool:
    """Room for one more row."""
    rows = account + kind
    size, level = arena[rows + room.SIZE] >> room.LEVEL_BITS, arena[rows + room.SIZE] & room.LEVEL_MASK
    return bool(level > 0 and (size + 1) * width <= 1 << level) or _enlarge(arena, rows, width)


@compiled
def _insert(arena: Integers, rows: int, width: int, step: int) -> int:
    """A new row, after those of the same step."""
    start, at = arena[rows], arena[rows] + (arena[rows + room.SIZE] >> room.LEVEL_BITS) * width
    while at > start and arena[at - width] > step:
        at -= width
        for column in range(width):
            arena[at + width + column] = arena[at + column]
    arena[at] = step
    arena[rows + room.SIZE] += room.ONE_ROW
    return int(at)


@compiled
def _remove(arena: Integers, rows: int, width: int, at: int) -> None:
    for word in range(at, arena[rows] + (arena[rows + room.SIZE] >> room.LEVEL_BITS) * width - width):
        arena[word] = arena[word + width]
    arena[rows + room.SIZE] -= room.ONE_ROW


@compiled
def _add(arena: Integers, at: int, width: int, sign: int, amount: int) -> None:
    arena[at + 1] += sign
    if width > room.OF_TERMINAL:
        high, low = amount >> HALF, amount & LOW_HALF
        cross = 2 * high * low
        arena[at + 2] += sign * amount
        arena[at + 3] += sign * (high * high + (cross >> HALF))
        arena[at + 4] += sign * (low * low + ((cross & LOW_HALF) << HALF))


@compiled
def _tally(arena: Integers, rows: int, width: int, sign: int, step: int, amount: int) -> None:
    """Adds a genuine verdict to the totals from its step on, or subtracts it; no step is kept without a verdict."""
    start, at = arena[rows], arena[rows] + (arena[rows + room.SIZE] >> room.LEVEL_BITS) * width
    while at > start and arena[at - width] > step:
        at -= width
        _add(arena, at, width, sign, amount)
    if at == start or arena[at - width] != step:
        at = _insert(arena, rows, width, step)
        for column in range(1, width):
            arena[at + column] = arena[at + column - width] if at > start else 0
        at += width
    at -= width
    _add(arena, at, width, sign, amount)
    if sign < 0 and arena[at + 1] == (arena[at + 1 - width] if at > start else 0):
        _remove(arena, rows, width, at)


@compiled
def _note_fraud(arena: Integers, rows: int, sign: int, step: int, time: int) -> None:
    width = room.OF_FRAUD
    if sign > 0:
        at = _insert(arena, rows, width, step)
        arena[at + 1] = time
    else:
        at = arena[rows]
        while arena[at] != step or arena[at + 1] != time:
            at += width
        _remove(arena, rows, width, at)


@compiled
def _note_withdrawn(arena: Integers, rows: int, changes: Integers, i: int) -> None:
    step, until, time, amount = (
        changes[i, room.SINCE],
        changes[i, room.UNTIL],
        changes[i, room.TIME],
        changes[i, room.AMOUNT],
    )
    fraud, width = changes[i, room.TERMINAL] & 1, room.OF_WITHDRAWN
    if changes[i, room.SIGN] > 0:
        at = _insert(arena, rows, width, step)
        for column in range(1, room.OF_CARD):
            arena[at + column] = 0
        _add(arena, at, room.OF_CARD, 1, amount)
        arena[at + room.END], arena[at + room.IS_FRAUD], arena[at + room.HAPPENED] = until, fraud, time
        return
    at = arena[rows]
    while (
        arena[at] != step
        or arena[at + 2] != amount
        or arena[at + room.END] != until
        or arena[at + room.IS_FRAUD] != fraud
        or arena[at + room.HAPPENED] != time
    ):
        at += width
    _remove(arena, rows, width, at)


@compiled
def _carry_out(arena: Integers, account: int, kind: int, width: int, changes: Integers, i: int) -> None:
    sign, step = changes[i, room.SIGN], changes[i, room.SINCE]
    if kind == room.WITHDRAWN:
        _note_withdrawn(arena, account + kind, changes, i)
    elif kind == room.FRAUDS:
        _note_fraud(arena, account + kind, sign, step, changes[i, room.TIME])
    else:
        _tally(arena, account + kind, width, sign, step, changes[i, room.AMOUNT])


@compiled
def _write(arena: Integers, terminals: Integers, cards: Integers, changes: Integers, i: int) -> int:
    """The number of the first change for which the arena has no room; all before it are carried out."""
    while i < len(changes):
        terminal, card, fraud = changes[i, room.TERMINAL] >> 1, changes[i, room.CARD], changes[i, room.TERMINAL] & 1
        if terminals[terminal] == room.NOWHERE and not _open(arena, terminals, terminal, room.TERMINAL_LEVEL):
            break
        if card >= 0 and cards[card] == room.NOWHERE and not _open(arena, cards, card, room.CARD_LEVEL):
            break
        kind, of_terminal, of_card = room.GENUINE, room.OF_TERMINAL, room.OF_CARD
        if changes[i, room.UNTIL] != room.FOREVER:
            kind, of_terminal, of_card = room.WITHDRAWN, room.OF_WITHDRAWN, room.OF_WITHDRAWN
        elif fraud:
            kind, of_terminal, of_card = room.FRAUDS, room.OF_FRAUD, room.OF_FRAUD
        if not _ready(arena, terminals[terminal], kind, of_terminal):
            break
        if card >= 0:
            if not _ready(arena, cards[card], kind, of_card):
                break
            _carry_out(arena, cards[card], kind, of_card, changes, i)
        _carry_out(arena, terminals[terminal], kind, of_terminal, changes, i)
        if fraud:
            arena[terminals[terminal] + room.EPISODE] = room.FOREVER
        i += 1
    return i
