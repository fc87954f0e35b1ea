"""Which rows `schemas.lot.checks` has to look at: one pass over what the kernel wrote, before there are columns.

Whatever the checks refuse or mark is a suspect, and in nearly all lots nobody is. What the rules are stands there and
in `schemas.lot.limits`; here is only whether one of them may apply. It knows no more than that, and so it is quick.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from schemas.card_numbers import FEWEST, NINE, ZERO, look_alike
from schemas.compiled import compiled
from schemas.lot.buffers import Texts
from schemas.lot.checks import CARD_NUMBERS, Checks
from schemas.lot.filled import Filled
from schemas.lot.kernel import Bytes, Ints
from schemas.lot.limits import CAPITALS, LENGTHS, RANGES
from schemas.lot.plan import DOUBLE, FLOAT, Plan
from schemas.partitioner import POSITIVE, hashes, table_of

LEAST, MOST, CAPITAL, DIGITS = range(4)
"""Of a text: its length, whether it is of capital letters, whether card numbers are looked for and how."""
NOWHERE, ANYWHERE, WHOLE = range(3)
LOW, HIGH = range(2)
LETTER_A, LETTER_Z = ord("A"), ord("Z")
unsigned = np.uint64
"""An index that cannot be negative, so that nothing checks for it."""
ONE: Final = unsigned(1)
ANY_LENGTH: Final = 2**31 - 1
CARD: Final = "card_id"


@compiled
def within(text: Bytes, at: int, end: int, low: int, high: int) -> bool:
    """All bytes between."""
    other = False
    for i in range(unsigned(at), unsigned(end)):
        other |= (text[i] < low) | (text[i] > high)
    return not other


@compiled
def suspect(  # noqa: C901, PLR0912, PLR0917
    texts: Bytes,
    offsets: NDArray[np.int32],
    present: Bytes,
    of_texts: Ints,
    numbers: Ints,
    of_numbers: NDArray[np.float64],
    wires: Ints,
    found: Bytes,
) -> None:
    """By the limits of each column alone."""
    for slot in range(offsets.shape[0]):
        text, begins, there = texts[slot], offsets[slot], present[slot]
        least, most, digits = of_texts[slot, LEAST], of_texts[slot, MOST], of_texts[slot, DIGITS]
        for row in range(unsigned(found.size)):
            length = begins[row + ONE] - begins[row]
            found[row] |= (length > most) | ((length < least) & (there[row] != 0))
        if of_texts[slot, CAPITAL] and not within(text, begins[0], begins[found.size], LETTER_A, LETTER_Z):
            for row in range(found.size):
                found[row] |= not within(text, begins[row], begins[row + 1], LETTER_A, LETTER_Z)
        if digits != NOWHERE:
            for row in range(found.size):
                at, end, many = int(begins[row]), int(begins[row + 1]), 0
                for i in range(unsigned(end - at) if end - at >= FEWEST else unsigned(0)):
                    byte = text[unsigned(at) + i]
                    many += (byte >= ZERO) & (byte <= NINE)
                if many >= FEWEST:
                    found[row] |= look_alike(text, at, end, digits == WHOLE)
    for slot in range(numbers.shape[0]):
        low, high = of_numbers[slot, LOW], of_numbers[slot, HIGH]
        if low > high:
            continue
        if wires[slot] == DOUBLE:
            doubles = numbers[slot].view(np.float64)
            for row in range(unsigned(found.size)):
                found[row] |= not ((low <= doubles[row]) & (doubles[row] <= high))
        else:
            for row in range(unsigned(found.size)):
                found[row] |= (numbers[slot, row] < low) | (numbers[slot, row] > high)


@compiled
def misplaced(  # noqa: PLR0917
    cards: Bytes,
    begins: NDArray[np.int32],
    keys: Bytes,
    key_begins: Ints,
    partitions: NDArray[np.int32],
    count: int,
    table: Ints,
    found: Bytes,
) -> None:
    """By the record's key and partition; with `count` 0 by its key alone."""
    for row in range(found.size):
        at, end, key = int(begins[row]), int(begins[row + 1]), int(key_begins[row])
        differ = key_begins[row + 1] - key != end - at
        if not differ:
            for i in range(unsigned(end - at)):
                differ |= cards[unsigned(at) + i] != keys[unsigned(key) + i]
        found[row] |= differ
    if count:
        numbers = np.empty(found.size, np.int64)
        hashes(keys, key_begins, table, numbers)
        if not table.size:
            numbers &= POSITIVE
        for row in range(unsigned(found.size)):
            found[row] |= np.int64(unsigned(numbers[row]) % unsigned(count)) != partitions[row]


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """The limits of what a plan fills, by slot."""

    texts: Ints
    numbers: NDArray[np.float64]
    wires: Ints
    card: int

    @classmethod
    def of(cls, plan: Plan) -> "Watch | None":
        """None where the checks have to look at every row: the kernel does not have all that they look at."""
        ranged = {limit.column for limit in RANGES}
        limited = ranged | {limit.column for limit in (*LENGTHS, *CAPITALS)} | {*CARD_NUMBERS}
        floats = {name for name, wire in zip(plan.numbers, plan.wires, strict=True) if wire == FLOAT}
        filled_in = {name for name, value in plan.defaults.items() if value is not None}
        if CARD not in plan.texts or floats & ranged or filled_in & limited:
            return None
        texts = np.array([_of_text(name) for name in plan.texts], np.int64)
        numbers = np.array([_of_number(name) for name in plan.numbers], np.float64).reshape(-1, 2)
        return cls(texts, numbers, np.array(plan.wires, np.int64), plan.texts.index(CARD))


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What was filled, and what is to be looked at there."""

    watch: Watch
    filled: Filled

    def suspects(self, keys: Texts, partitions: NDArray[np.int32], checks: Checks) -> Ints:
        """Rows, ascending; keys and partitions are those of the rows."""
        filled, watch = self.filled, self.watch
        texts, offsets, found = filled.texts, filled.offsets, np.zeros(filled.rows, np.uint8)
        suspect(texts, offsets, filled.present, watch.texts, filled.numbers, watch.numbers, watch.wires, found)
        cards, begins, table = texts[watch.card], offsets[watch.card], table_of(checks.partitioner)
        partitions = np.array(partitions, np.int32)
        misplaced(cards, begins, keys.data, keys.offsets, partitions, checks.partitions, table, found)
        return np.flatnonzero(found)


def _of_text(name: str) -> tuple[int, int, int, int]:
    capitals = next((limit.letters for limit in CAPITALS if limit.column == name), 0)
    least, most = next(((each.least, each.most) for each in LENGTHS if each.column == name), (0, ANY_LENGTH))
    if capitals:
        least, most = max(least, capitals), min(most, capitals)
    digits = NOWHERE if name not in CARD_NUMBERS else WHOLE if CARD_NUMBERS[name] else ANYWHERE
    return least, most, int(capitals > 0), digits


def _of_number(name: str) -> tuple[float, float]:
    """Without limits the lowest is above the highest."""
    return next(((each.low, each.high) for each in RANGES if each.column == name), (1.0, 0.0))
