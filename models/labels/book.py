"""The label book: what is known of cards and terminals through confirmed verdicts, as of any step.

Answers as of a step depend on the labels that take effect up to it and on nothing else: not on the order or the lots
in which labels were learned, not on partitions, not on labels that take effect later. Labels that are learned too late,
after the questions, are the caller's business. A book is for one thread.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.labels.accounts import Accounts
from models.labels.asking import ask
from models.labels.chains import CARD_HASH, HAPPENED, KNOWN, OWNER, PAID, PLACE, VERDICT, Chains
from models.labels.columns import NAMES, Hashes, Integers, LabelColumns
from models.labels.facts import DOUBLES, INTEGERS, LabelFacts
from models.labels.keys import Keys
from models.labels.params import HORIZON_DAYS, LabelParams
from models.labels.room import NEVER

LOT: Final = 65_536
"""Labels taken in at once: room is made for as many new events, cards and terminals."""
OFFSET_BITS: Final = 48
PARAMS: Final = "params"


class LabelBook:
    def __init__(self, params: LabelParams | None = None) -> None:
        self.params = params or LabelParams()
        self._begin()

    def learn(self, batch: LabelColumns) -> None:
        """Takes labels in, in any order; one that is known already, by its place in the log, changes nothing."""
        for first in range(0, len(batch), LOT):
            self._learn(batch.take(slice(first, first + LOT)))

    def answers(self, card: Hashes, terminal: Hashes, at_ms: Integers) -> LabelFacts:
        """One entry per row, as of the step of its own time."""
        integers, doubles = np.empty((len(at_ms), len(INTEGERS)), np.int64), np.empty((len(at_ms), len(DOUBLES)))
        accounts, numbers = self._accounts, (self._cards.find(card), self._terminals.find(terminal))
        ask(accounts.arena, (accounts.cards, accounts.terminals), numbers, at_ms, integers, doubles)
        return LabelFacts(integers, doubles)

    def labels(self) -> LabelColumns:
        """Every label that can still matter: learned by an empty book, they make this one."""
        rows = self._chains.labels()
        return LabelColumns(
            event=self._events.hashes[rows[:, 0]],
            card=rows[:, CARD_HASH].astype(np.uint64),
            terminal=self._terminals.hashes[rows[:, VERDICT] >> 1],
            amount=rows[:, PAID],
            event_time=rows[:, HAPPENED],
            is_fraud=rows[:, VERDICT] & 1 == 1,
            known_at=rows[:, KNOWN],
            partition=rows[:, PLACE] >> OFFSET_BITS,
            offset=rows[:, PLACE] & ((1 << OFFSET_BITS) - 1),
            own=rows[:, OWNER] >= 0,
        )

    def forget(self, before_ms: int) -> None:
        """Drops what no answer at that time or later can see, provided that labels learned from now on take effect at
        that step or later. Of those that do not, the ones beyond the horizon are ignored.
        """
        floor = self.params.step_at(before_ms) - self.params.steps(HORIZON_DAYS)
        labels = self.labels()
        _, event = np.unique(labels.event, return_inverse=True)
        newest = np.full(len(labels), NEVER)
        np.maximum.at(newest, event, self.params.effects(labels.known_at, labels.event_time))
        self._keep(labels.take(newest[event] > floor), max(floor, self._chains.floor))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        labels, params = self.labels(), self.params
        numbers = np.array([params.step_ms, params.grace_ms, params.delay_ms, self._chains.floor])
        return {PARAMS: numbers} | {name: getattr(labels, name) for name in NAMES}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "LabelBook":
        step, grace, delay, floor = (int(number) for number in arrays[PARAMS])
        book = cls(LabelParams(step, grace, delay))
        book._keep(LabelColumns(*(arrays[name] for name in NAMES)), floor)
        return book

    def _begin(self) -> None:
        self._events, self._terminals, self._cards = Keys(), Keys(), Keys()
        self._chains, self._accounts = Chains(self.params), Accounts(self.params)

    def _keep(self, labels: LabelColumns, floor: int) -> None:
        """These and no others. The floor comes last: the chain of an event that is kept is kept whole."""
        self._begin()
        self.learn(labels)
        self._chains.floor = floor

    def _learn(self, batch: LabelColumns) -> None:
        rows, taken = self._rows(batch), 0
        while taken < len(rows):
            taken, changes = self._chains.add(rows, taken, len(self._events))
            self._accounts.write(changes, len(self._cards), len(self._terminals))

    def _rows(self, batch: LabelColumns) -> Integers:
        rows = np.empty((len(batch), 8), np.int64)
        rows[:, 0] = self._events.number(batch.event)
        rows[:, VERDICT] = self._terminals.number(batch.terminal)
        rows[:, VERDICT] = rows[:, VERDICT] << 1 | batch.is_fraud
        rows[:, OWNER] = -1
        rows[batch.own, OWNER] = self._cards.number(batch.card[batch.own])
        rows[:, CARD_HASH] = batch.card.view(np.int64)
        rows[:, PAID] = batch.amount
        rows[:, HAPPENED] = batch.event_time
        rows[:, KNOWN] = batch.known_at
        rows[:, PLACE] = batch.partition << OFFSET_BITS | batch.offset
        return rows
