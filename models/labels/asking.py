"""Answers as of a step, from the account of one card or one terminal: a window of w is the steps (step - w, step].

A withdrawn verdict is in force as long as the step asked for is before the one that withdrew it.
"""

# ruff: noqa: PLR0917 - numba counts references to each member of a tuple at every call
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.labels import room
from schemas.compiled import compiled

Integers = NDArray[np.int64]
Doubles = NDArray[np.float64]
Slots = NDArray[np.int32]

DAY: Final = 86_400_000
LIMB: Final = 40
LOW_LIMB: Final = (1 << LIMB) - 1
TWO_TO_THE_LIMB: Final = float(1 << LIMB)
CARD_COUNT, CARD_SUM, COUNTS, FRAUD_COUNTS, RUN = 0, 1, 2, 5, 8
SUMSQ, SINCE_FRAUD, CARD_LAST, SINCE_FIRST, SINCE_LAST, TERMINAL_LAST = range(6)


@compiled
def after(arena: Integers, low: int, high: int, width: int, step: int) -> int:
    """Of the rows from low until high the first one whose step is later. Without a branch: none could be foreseen."""
    rows = (high - low) // width
    while rows > 0:
        half = (rows + 1) >> 1
        low += half * width * (arena[low + (half - 1) * width] <= step)
        rows -= half
    return low


@compiled
def any_row(arena: Integers, rows: int) -> bool:
    return bool(arena[rows + room.SIZE] >= room.ONE_ROW)


@compiled
def span(arena: Integers, rows: int, width: int, step: int) -> tuple[int, int]:
    """Of the rows of a list those within the horizon: where they start and end. Most often that is all of them."""
    begin = arena[rows]
    end, oldest = begin + (arena[rows + room.SIZE] >> room.LEVEL_BITS) * width, step - arena[room.HORIZON]
    if end > begin and arena[end - width] > step:
        end = after(arena, begin, end, width, step)
    if end > begin and arena[begin] <= oldest:
        begin = after(arena, begin, end, width, oldest)
    return begin, end


@compiled
def rise(arena: Integers, rows: int, begin: int, end: int, width: int, column: int) -> int:
    """Of a running total, over those rows."""
    if begin == end:
        return 0
    return int(arena[end - width + column] - (arena[begin - width + column] if begin > arena[rows] else 0))


@compiled
def last_label(genuine: int, fraud: int) -> float:
    """Of the newest steps of both kinds."""
    if genuine == room.NEVER and fraud == room.NEVER:
        return float(np.nan)
    return 1.0 if fraud >= genuine else 0.0


@compiled
def of_card(arena: Integers, account: int, time: int, integers: Integers, doubles: Doubles, i: int) -> None:
    step, fraud, latest, width = time // arena[room.STEP], room.NEVER, room.NEVER, room.OF_CARD

    rows = account + room.GENUINE
    begin, end = span(arena, rows, width, step)
    genuine = arena[end - width] if end > begin else room.NEVER
    count, total = rise(arena, rows, begin, end, width, 1), rise(arena, rows, begin, end, width, 2)
    high, low = rise(arena, rows, begin, end, width, 3), rise(arena, rows, begin, end, width, 4)

    if any_row(arena, account + room.FRAUDS):
        begin, end = span(arena, account + room.FRAUDS, room.OF_FRAUD, step)
        for row in range(begin, end, room.OF_FRAUD):
            fraud, latest = arena[row], max(latest, arena[row + 1])

    if any_row(arena, account + room.WITHDRAWN):
        begin, end = span(arena, account + room.WITHDRAWN, room.OF_WITHDRAWN, step)
        for row in range(begin, end, room.OF_WITHDRAWN):
            if arena[row + room.END] <= step:
                continue
            if arena[row + room.IS_FRAUD] == 1:
                fraud, latest = max(fraud, arena[row]), max(latest, arena[row + room.HAPPENED])
            else:
                genuine = max(genuine, arena[row])
                count, total = count + arena[row + 1], total + arena[row + 2]
                high, low = high + arena[row + 3], low + arena[row + 4]

    integers[i, CARD_COUNT], integers[i, CARD_SUM] = count, total
    doubles[i, SUMSQ] = float(high + (low >> LIMB)) * TWO_TO_THE_LIMB + float(low & LOW_LIMB)
    doubles[i, CARD_LAST] = last_label(genuine, fraud)
    if latest != room.NEVER:
        doubles[i, SINCE_FRAUD] = (time - latest) / DAY


@compiled
def of_terminal(arena: Integers, account: int, time: int, integers: Integers, doubles: Doubles, i: int) -> None:
    step, width, rows = time // arena[room.STEP], room.OF_TERMINAL, account + room.GENUINE
    begin, end = span(arena, rows, width, step)
    newest, opened = arena[end - width] if end > begin else room.NEVER, begin
    for window in range(2, -1, -1):
        opened = after(arena, opened, end, width, step - arena[room.WINDOWS + window])
        integers[i, COUNTS + window] = rise(arena, rows, opened, end, width, 1)
    genuine, fraud = newest, room.NEVER
    if any_row(arena, account + room.WITHDRAWN):
        genuine, fraud = of_withdrawn(arena, account, step, newest, integers, i)

    width, begin, end = room.OF_FRAUD, 0, 0
    if any_row(arena, account + room.FRAUDS):
        begin, end = span(arena, account + room.FRAUDS, width, step)
    if end > begin:
        fraud = max(fraud, arena[end - width])
        for window in range(3):
            frauds = (end - after(arena, begin, end, width, step - arena[room.WINDOWS + window])) // width
            integers[i, FRAUD_COUNTS + window] += frauds
            integers[i, COUNTS + window] += frauds
        integers[i, RUN] += (end - after(arena, begin, end, width, genuine - 1)) // width

    doubles[i, TERMINAL_LAST] = last_label(genuine, fraud)
    if fraud != room.NEVER:
        if arena[account + room.EPISODE] != step:
            arena[account + room.FIRST], arena[account + room.LAST] = episode(arena, account, step)
            arena[account + room.EPISODE] = step
        doubles[i, SINCE_FIRST] = (time - arena[account + room.FIRST]) / DAY
        doubles[i, SINCE_LAST] = (time - arena[account + room.LAST]) / DAY


@compiled
def of_withdrawn(arena: Integers, account: int, step: int, genuine: int, integers: Integers, i: int) -> tuple[int, int]:
    """The newest steps of both kinds, `genuine` being that of those not withdrawn; counts are added."""
    fraud, width = room.NEVER, room.OF_WITHDRAWN
    begin, end = span(arena, account + room.WITHDRAWN, width, step)
    for row in range(begin, end, width):
        if arena[row + room.END] > step:
            if arena[row + room.IS_FRAUD] == 1:
                fraud = arena[row]
            else:
                genuine = max(genuine, arena[row])
            for window in range(3):
                if arena[row] > step - arena[room.WINDOWS + window]:
                    integers[i, COUNTS + window] += 1
                    integers[i, FRAUD_COUNTS + window] += arena[row + room.IS_FRAUD]
    for row in range(begin, end, width):
        if arena[row + room.END] > step and arena[row] >= genuine and arena[row + room.IS_FRAUD] == 1:
            integers[i, RUN] += 1
    return genuine, fraud


@compiled
def episode(arena: Integers, account: int, step: int) -> tuple[int, int]:
    """Earliest and latest event time of the newest frauds, back to a gap; at least one fraud is in force."""
    reached, first, last = step, room.FOREVER, room.NEVER
    begin, row = span(arena, account + room.FRAUDS, room.OF_FRAUD, step)
    begin_withdrawn, other = span(arena, account + room.WITHDRAWN, room.OF_WITHDRAWN, step)
    row, other = row - room.OF_FRAUD, other - room.OF_WITHDRAWN
    while True:
        while other >= begin_withdrawn and not (arena[other + room.END] > step and arena[other + room.IS_FRAUD] == 1):
            other -= room.OF_WITHDRAWN
        if row >= begin and (other < begin_withdrawn or arena[row] >= arena[other]):
            since, time = arena[row], arena[row + 1]
            row -= room.OF_FRAUD
        elif other >= begin_withdrawn:
            since, time = arena[other], arena[other + room.HAPPENED]
            other -= room.OF_WITHDRAWN
        else:
            return first, last
        if last != room.NEVER and reached - since > arena[room.GAP]:
            return first, last
        reached, first, last = since, min(first, time), max(last, time)


@compiled
def ask(
    arena: Integers,
    accounts: tuple[Integers, Integers],
    numbers: tuple[Slots, Slots],
    times: Integers,
    integers: Integers,
    doubles: Doubles,
) -> None:
    """One row each of integers and doubles per question. Accounts and numbers are of cards, then of terminals; what is
    asked about an unknown one, -1, stays as it is.
    """
    for i in range(len(times)):
        if numbers[0][i] >= 0 and accounts[0][numbers[0][i]] != room.NOWHERE:
            of_card(arena, accounts[0][numbers[0][i]], times[i], integers, doubles, i)
        if numbers[1][i] >= 0 and accounts[1][numbers[1][i]] != room.NOWHERE:
            of_terminal(arena, accounts[1][numbers[1][i]], times[i], integers, doubles, i)
