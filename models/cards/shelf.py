"""The arrays of a card book: made, enlarged a little at a time, measured."""

from typing import Final

import numpy as np

from models.cards.layout import (
    ALWAYS,
    BLOCK,
    CARD_WORDS,
    CLOCK,
    FREE_BLOCK,
    FREE_HOUR,
    LOWEST,
    NEVER,
    NONE,
    RING_WORDS,
    SIDE_WORDS,
    USED_BLOCKS,
    USED_CARDS,
    Ints,
)
from models.cards.slots import fill

BLOCK_WORDS: Final = 2 * BLOCK
HOUR_WORDS: Final = 4
CLOCK_WORDS: Final = 3
STATE_WORDS: Final = 6
FIRST_SIZE: Final = 64
GROWTH: Final = 128
"""A full array grows by one part of so many: memory is what is used and 0.4 % on average."""
FULL: Final = 0.7


class Shelf:
    def __init__(self) -> None:
        self.table = np.full(2 * FIRST_SIZE, NONE, np.int32)
        self.cards = np.zeros((FIRST_SIZE, CARD_WORDS), np.int64)
        self.rings = np.zeros((FIRST_SIZE, RING_WORDS), np.int32)
        self.sides = np.zeros((FIRST_SIZE, SIDE_WORDS), np.int64)
        self.entries = np.zeros((FIRST_SIZE, BLOCK_WORDS), np.int64)
        self.links = np.zeros(FIRST_SIZE, np.int32)
        self.hours = np.zeros((FIRST_SIZE, HOUR_WORDS), np.int64)
        self.clocks = np.zeros((0, CLOCK_WORDS), np.int64)
        self.state = np.zeros(STATE_WORDS, np.int64)
        self.state[FREE_BLOCK] = self.state[FREE_HOUR] = NONE

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in vars(self).values())

    @property
    def out_of_blocks(self) -> bool:
        return bool(self.state[FREE_BLOCK] == NONE and self.state[USED_BLOCKS] == len(self.links))

    def more_cards(self, least: int = 1) -> None:
        size = _larger(len(self.cards), least)
        for array in (self.cards, self.rings, self.sides):
            array.resize((size, array.shape[1]), refcheck=False)
        places = len(self.table)
        while size > FULL * places:
            places *= 2
        if places > len(self.table):
            self.table = np.full(places, NONE, np.int32)
            fill(self.table, self.cards, int(self.state[USED_CARDS]))

    def more_blocks(self, least: int = 1) -> None:
        size = _larger(len(self.links), least)
        self.links.resize(size, refcheck=False)
        self.entries.resize((size, BLOCK_WORDS), refcheck=False)

    def more_hours(self, least: int = 1) -> None:
        self.hours.resize((_larger(len(self.hours), least), HOUR_WORDS), refcheck=False)

    def know(self, partition: int) -> None:
        """Gives that partition and all below it a clock."""
        known = len(self.clocks)
        if partition + 1 >= known:
            self.clocks.resize((partition + 2, CLOCK_WORDS), refcheck=False)
            self.clocks[known:] = _no_clock()

    def forget_clock(self, partition: int) -> None:
        self.clocks[partition + 1] = _no_clock()


def _no_clock() -> Ints:
    clock = np.zeros(CLOCK_WORDS, np.int64)
    clock[CLOCK], clock[LOWEST] = NEVER, ALWAYS
    return clock


def _larger(size: int, least: int) -> int:
    return size + max(least, size // GROWTH, FIRST_SIZE)
