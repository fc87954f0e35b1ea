"""The labels of each event, and which of them count from when: the order in which they are learned leaves no trace.

The labels of one event form a chain, by when they were known and then by their place in the log, in which each takes
effect later than the one before: one that never counts, because a later one counts by then, is dropped for good.
A label that repeats the verdict before it, within the horizon, changes nothing. When a label is added, everything its
chain had said is taken back and said anew.
"""

# ruff: noqa: PLR0917 - numba counts references to each member of a tuple at every call
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.labels.params import HORIZON_DAYS, LabelParams
from models.labels.room import AMOUNT, CARD, CHANGE, FOREVER, NEVER, SIGN, SINCE, TERMINAL, TIME, UNTIL, longer
from schemas.compiled import compiled

Integers = NDArray[np.int64]

FOLLOWING, VERDICT, OWNER, CARD_HASH, PAID, HAPPENED, KNOWN, PLACE = range(8)
"""The next label; twice the terminal's number plus one for fraud; the card's number, -1 for a card of others; the place
is the partition and, in the lowest 48 bits, the offset.
"""
NONE: Final = 0
"""No label stands in the first row."""
ROWS, SPARE, KEPT = range(3)
STEP, GRACE, DELAY, HORIZON, FLOOR = range(5)


class Chains:
    def __init__(self, params: LabelParams) -> None:
        self._labels = np.zeros((1, 8), np.int64)
        self._state = np.array([1, NONE, 0])
        self._first = np.zeros(1, np.int64)
        self._changes = np.zeros((16, CHANGE), np.int64)
        horizon = params.steps(HORIZON_DAYS)
        self._rules = np.array([params.step_ms, params.grace_ms, params.delay_ms, horizon, NEVER])

    @property
    def floor(self) -> int:
        """The last step whose labels are ignored."""
        return int(self._rules[FLOOR])

    @floor.setter
    def floor(self, step: int) -> None:
        self._rules[FLOOR] = step

    def add(self, given: Integers, taken: int, events: int) -> tuple[int, Integers]:
        """How many of the given labels are taken now, with those before, and what follows for the accounts.

        A row is a label as it will be kept, with the number of its event in place of the next label.
        """
        self._labels = longer(self._labels, int(self._state[ROWS]) + len(given) - taken)
        self._first = longer(self._first, events)
        self._changes = longer(self._changes, 2 * (len(given) - taken))
        now, changes = _add(self._labels, self._state, self._first, self._rules, given, taken, self._changes)
        if now == taken:
            self._changes = longer(self._changes, 2 * len(self._changes))
        return now, self._changes[:changes]

    def labels(self) -> Integers:
        """Every label that is kept, as rows that can be given."""
        rows = np.empty((self._state[KEPT], 8), np.int64)
        _gather(self._labels, self._first, rows)
        return rows


@compiled
def _effect(labels: Integers, row: int, rules: Integers) -> int:
    latest = max(labels[row, KNOWN], labels[row, HAPPENED] + rules[DELAY])
    return int(-(-(latest + rules[GRACE]) // rules[STEP]))


@compiled
def _before(labels: Integers, one: int, other: int) -> bool:
    if labels[one, KNOWN] != labels[other, KNOWN]:
        return bool(labels[one, KNOWN] < labels[other, KNOWN])
    return bool(labels[one, PLACE] < labels[other, PLACE])


@compiled
def _say(changes: Integers, at: int, labels: Integers, row: int, sign: int, since: int, until: int) -> None:
    changes[at, SIGN], changes[at, SINCE], changes[at, UNTIL] = sign, since, until
    changes[at, TERMINAL], changes[at, CARD] = labels[row, VERDICT], labels[row, OWNER]
    changes[at, TIME], changes[at, AMOUNT] = labels[row, HAPPENED], labels[row, PAID]


@compiled
def _say_all(changes: Integers, at: int, labels: Integers, first: int, sign: int, rules: Integers) -> int:
    """Everything that the chain says, or takes back."""
    standing, since, last, heard, row = NONE, 0, NONE, 0, first
    while row != NONE:
        step = _effect(labels, row, rules)
        same = last != NONE and (labels[last, VERDICT] ^ labels[row, VERDICT]) & 1 == 0
        if not same or step - heard >= rules[HORIZON]:
            if standing != NONE:
                _say(changes, at, labels, standing, sign, since, step)
                at += 1
            standing, since = row, step
        last, heard = row, step
        row = labels[row, FOLLOWING]
    if standing != NONE:
        _say(changes, at, labels, standing, sign, since, FOREVER)
        at += 1
    return at


@compiled
def _counts(labels: Integers, first: int, new: int, rules: Integers) -> bool:
    """False if another label of the event, later or the same, counts by then."""
    step, row = _effect(labels, new, rules), first
    while row != NONE:
        if not _before(labels, row, new) and _effect(labels, row, rules) <= step:
            return False
        row = labels[row, FOLLOWING]
    return True


@compiled
def _drop(labels: Integers, state: Integers, row: int) -> None:
    labels[row, FOLLOWING] = state[SPARE]
    state[SPARE] = row
    state[KEPT] -= 1


@compiled
def _linked(labels: Integers, state: Integers, first: int, new: int, rules: Integers) -> int:
    """The first of the chain, in which the new label is at its place; what no longer counts has fallen out."""
    step, previous, row = _effect(labels, new, rules), NONE, first
    while row != NONE and _before(labels, row, new):
        following = labels[row, FOLLOWING]
        if _effect(labels, row, rules) < step:
            previous = row
        else:
            _drop(labels, state, row)
            if previous != NONE:
                labels[previous, FOLLOWING] = following
            else:
                first = following
        row = following
    labels[new, FOLLOWING] = row
    if previous == NONE:
        return new
    labels[previous, FOLLOWING] = new
    return first


@compiled
def _length(labels: Integers, first: int) -> int:
    length, row = 0, first
    while row != NONE:
        length, row = length + 1, labels[row, FOLLOWING]
    return length


@compiled
def _add(
    labels: Integers, state: Integers, firsts: Integers, rules: Integers, given: Integers, i: int, changes: Integers
) -> tuple[int, int]:
    """Which label is the next, and how many changes there are; ends early when there is no room for more."""
    at = 0
    while i < len(given):
        event = given[i, 0]
        first = firsts[event]
        if at + 2 * _length(labels, first) + 2 > len(changes):
            break
        new = state[SPARE] if state[SPARE] != NONE else state[ROWS]
        if state[SPARE] != NONE:
            state[SPARE] = labels[new, FOLLOWING]
        else:
            state[ROWS] += 1
        state[KEPT] += 1
        labels[new, FOLLOWING] = NONE
        for column in range(1, 8):
            labels[new, column] = given[i, column]
        i += 1
        if _effect(labels, new, rules) <= rules[FLOOR] or not _counts(labels, first, new, rules):
            _drop(labels, state, new)
        elif first == NONE:
            firsts[event] = new
            _say(changes, at, labels, new, 1, _effect(labels, new, rules), FOREVER)
            at += 1
        else:
            at = _say_all(changes, at, labels, first, -1, rules)
            firsts[event] = _linked(labels, state, first, new, rules)
            at = _say_all(changes, at, labels, firsts[event], 1, rules)
    return i, at


@compiled
def _gather(labels: Integers, firsts: Integers, rows: Integers) -> None:
    at = 0
    for event in range(len(firsts)):
        row = firsts[event]
        while row != NONE:
            rows[at, 0] = event
            for column in range(1, 8):
                rows[at, column] = labels[row, column]
            at, row = at + 1, labels[row, FOLLOWING]
