"""Answers as of a step, from the account of one card or one terminal: a window of w is the steps (step - w, step].

A withdrawn verdict is in force as long as the step asked for is before the one that withdrew it.
"""

# ruff: noqa: PLR0917 - numba counts references to each member of a tuple at every call
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.labels import room
from schemas.compiled import bare, inlined
from schemas.prefetch import prefetch

Integers = NDArray[np.int64]
Doubles = NDArray[np.float64]
Slots = NDArray[np.int32]

FAR: Final = 16
CLOSE: Final = 8
LINE: Final = 8
"""So many questions ahead accounts, then their rows, are fetched; words that are fetched at once."""

DAY: Final = 86_400_000
LIMB: Final = 40
LOW_LIMB: Final = (1 << LIMB) - 1
TWO_TO_THE_LIMB: Final = float(1 << LIMB)
CARD_COUNT, CARD_SUM, COUNTS, FRAUD_COUNTS, RUN = 0, 1, 2, 5, 8
SUMSQ, SINCE_FRAUD, CARD_LAST, SINCE_FIRST, SINCE_LAST, TERMINAL_LAST = range(6)


@inlined
def after(arena: Integers, low: int, high: int, width: int, step: int) -> int:
    """Of the rows from low until high the first one whose step is later. Without a branch: none could be foreseen."""
    rows = (high - low) // width
    while rows > 0:
        half = (rows + 1) >> 1
        low += half * width * (arena[low + (half - 1) * width] <= step)
        rows -= half
    return low


@inlined
def near(arena: Integers, start: int, rows: int, width: int, step: int, guess: int) -> int:
    """Of so many rows the number of those whose step is not later: soon found where the guess is close."""
    low = high = min(guess, rows)
    reach = 1
    if low < rows and arena[start + low * width] <= step:
        high = low + 1
        while high < rows and arena[start + high * width] <= step:
            low, reach = high + 1, 2 * reach
            high = min(high + reach, rows)
    else:
        while low > 0 and arena[start + (low - 1) * width] > step:
            high, reach = low - 1, 2 * reach
            low = max(low - reach, 0)
    while low < high:
        middle = (low + high) >> 1
        if arena[start + middle * width] <= step:
            low = middle + 1
        else:
            high = middle
    return low


@inlined
def any_row(arena: Integers, rows: int) -> bool:
    return bool(arena[rows + room.SIZE] >= room.ONE_ROW)


@inlined
def span(arena: Integers, rows: int, width: int, step: int) -> tuple[int, int]:
    """Of the rows of a list those within the horizon: where they start and end. Most often that is all of them."""
    begin = arena[rows]
    end, oldest = begin + (arena[rows + room.SIZE] >> room.LEVEL_BITS) * width, step - arena[room.HORIZON]
    if end > begin and arena[end - width] > step:
        end = after(arena, begin, end, width, step)
    if end > begin and arena[begin] <= oldest:
        begin = after(arena, begin, end, width, oldest)
    return begin, end


@inlined
def last_label(genuine: int, fraud: int) -> float:
    """Of the newest steps of both kinds."""
    if genuine == room.NEVER and fraud == room.NEVER:
        return float(np.nan)
    return 1.0 if fraud >= genuine else 0.0


@inlined
def of_card(arena: Integers, account: int, time: int, integers: Integers, doubles: Doubles, i: int) -> None:
    step, fraud, latest, width = time // arena[room.STEP], room.NEVER, room.NEVER, room.OF_CARD

    start, guesses = arena[account + room.GENUINE], account + room.CARD_GUESSES
    rows = near(arena, start, arena[account + room.GENUINE + room.SIZE] >> room.LEVEL_BITS, width, step, arena[guesses])
    gone = near(arena, start, rows, width, step - arena[room.HORIZON], arena[guesses + 1])
    arena[guesses], arena[guesses + 1] = rows, gone
    genuine, count, total, high, low = room.NEVER, 0, 0, 0, 0
    if rows > gone:
        end = start + (rows - 1) * width
        genuine, count, total, high, low = arena[end], arena[end + 1], arena[end + 2], arena[end + 3], arena[end + 4]
        if gone > 0:
            begin = start + (gone - 1) * width
            count, total = count - arena[begin + 1], total - arena[begin + 2]
            high, low = high - arena[begin + 3], low - arena[begin + 4]

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


@inlined
def of_terminal(arena: Integers, account: int, time: int, integers: Integers, doubles: Doubles, i: int) -> None:
    step, width = time // arena[room.STEP], room.OF_TERMINAL
    start, guesses = arena[account + room.GENUINE], account + room.TERMINAL_GUESSES
    rows = near(arena, start, arena[account + room.GENUINE + room.SIZE] >> room.LEVEL_BITS, width, step, arena[guesses])
    arena[guesses] = rows
    newest, total = room.NEVER, 0
    if rows > 0:
        newest, total = arena[start + (rows - 1) * width], arena[start + (rows - 1) * width + 1]
        if newest <= step - arena[room.HORIZON]:
            newest = room.NEVER
    for window in range(3):
        oldest = step - arena[room.WINDOWS + window]
        before = near(arena, start, rows, width, oldest, arena[guesses + 1 + window])
        arena[guesses + 1 + window] = before
        integers[i, COUNTS + window] = total - (arena[start + (before - 1) * width + 1] if before > 0 else 0)
    genuine, fraud = newest, room.NEVER
    if any_row(arena, account + room.WITHDRAWN):
        genuine, fraud = of_withdrawn(arena, account, step, newest, integers, i)

    if any_row(arena, account + room.FRAUDS):
        fraud = max(fraud, of_frauds(arena, account, step, genuine, integers, i))

    doubles[i, TERMINAL_LAST] = last_label(genuine, fraud)
    if fraud != room.NEVER:
        if not arena[account + room.EPISODE] <= step < arena[account + room.NEXT_EPISODE]:
            arena[account + room.FIRST], arena[account + room.LAST] = episode(arena, account, step)
            arena[account + room.EPISODE], arena[account + room.NEXT_EPISODE] = step, stands_until(arena, account, step)
        doubles[i, SINCE_FIRST] = (time - arena[account + room.FIRST]) / DAY
        doubles[i, SINCE_LAST] = (time - arena[account + room.LAST]) / DAY


@inlined
def of_frauds(arena: Integers, account: int, step: int, genuine: int, integers: Integers, i: int) -> int:
    """The newest of those in force for good."""
    rows, width, oldest = account + room.FRAUDS, room.OF_FRAUD, step - arena[room.HORIZON]
    start, guess = arena[rows], account + room.FRAUD_GUESS
    end = near(arena, start, arena[rows + room.SIZE] >> room.LEVEL_BITS, width, step, arena[guess])
    arena[guess] = end
    if end == 0 or arena[start + (end - 1) * width] <= oldest:
        return room.NEVER
    before = end
    for window in range(3):
        before = near(arena, start, end, width, step - arena[room.WINDOWS + window], before)
        integers[i, FRAUD_COUNTS + window] += end - before
        integers[i, COUNTS + window] += end - before
    integers[i, RUN] += end - near(arena, start, end, width, max(genuine - 1, oldest), end)
    return int(arena[start + (end - 1) * width])


@inlined
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


@inlined
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


@inlined
def fetch_account(arena: Integers, accounts: Integers, number: int) -> None:
    if number >= 0:
        prefetch(arena, accounts[number])
        prefetch(arena, accounts[number] + LINE)


@inlined
def fetch_rows(arena: Integers, accounts: Integers, number: int, width: int, first: int, guesses: int) -> None:
    """Those around the bounds that were last asked for."""
    if number >= 0 and accounts[number] != room.NOWHERE:
        account = accounts[number]
        for guess in range(first, first + guesses):
            prefetch(arena, arena[account] + (arena[account + guess] - 1) * width)
            prefetch(arena, arena[account] + (arena[account + guess] + 1) * width)
        prefetch(arena, arena[account + room.FRAUDS])
        prefetch(arena, arena[account + room.FRAUDS] + LINE)


@inlined
def stands_until(arena: Integers, account: int, step: int) -> int:
    """The next step with another episode, at the earliest: when a fraud takes effect or the oldest one falls out."""
    rows, width = account + room.FRAUDS, room.OF_FRAUD
    if any_row(arena, account + room.WITHDRAWN):
        return step + 1
    begin, end = span(arena, rows, width, step)
    until = arena[begin] + arena[room.HORIZON]
    last = arena[rows] + (arena[rows + room.SIZE] >> room.LEVEL_BITS) * width
    return int(min(until, arena[end]) if end < last else until)


@bare
def ask(
    arena: Integers,
    accounts: tuple[Integers, Integers],
    numbers: tuple[Slots, Slots],
    times: Integers,
    integers: Integers,
    doubles: Doubles,
) -> None:
    """One row each of integers and doubles per question. Accounts and numbers are of cards, then of terminals; of an
    unknown one, -1, nothing is known.
    """
    for i in range(len(times)):
        if i + FAR < len(times):
            fetch_account(arena, accounts[0], numbers[0][i + FAR])
            fetch_account(arena, accounts[1], numbers[1][i + FAR])
        if i + CLOSE < len(times):
            fetch_rows(arena, accounts[0], numbers[0][i + CLOSE], room.OF_CARD, room.CARD_GUESSES, 2)
            fetch_rows(arena, accounts[1], numbers[1][i + CLOSE], room.OF_TERMINAL, room.TERMINAL_GUESSES, 4)
        for column in range(integers.shape[1]):
            integers[i, column] = 0
        for column in range(doubles.shape[1]):
            doubles[i, column] = 0.0 if column == SUMSQ else np.nan
        if numbers[0][i] >= 0 and accounts[0][numbers[0][i]] != room.NOWHERE:
            of_card(arena, accounts[0][numbers[0][i]], times[i], integers, doubles, i)
        if numbers[1][i] >= 0 and accounts[1][numbers[1][i]] != room.NOWHERE:
            of_terminal(arena, accounts[1][numbers[1][i]], times[i], integers, doubles, i)
