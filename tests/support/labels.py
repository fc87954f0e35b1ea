"""Labels as plain records, and what brute force on Python integers says about a card and a terminal."""

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from models.labels import LabelBook, LabelColumns, LabelParams
from models.labels.facts import NAMES

HOUR = 3_600_000
DAY = 24 * HOUR
START = 1_700_000_000_000
KINDS: list[Any] = [np.uint64] * 3 + [np.int64] * 2 + [np.bool_] + [np.int64] * 3 + [np.bool_]


class Label(NamedTuple):
    event: int
    card: int
    terminal: int
    amount: int
    event_time: int
    is_fraud: bool
    known_at: int
    partition: int = 0
    offset: int = 0
    own: bool = True


class Question(NamedTuple):
    card: int
    terminal: int
    at: int


Facts = dict[str, float]
Standing = tuple[int, Label]


def columns(labels: Sequence[Label]) -> LabelColumns:
    cells: list[Any] = list(zip(*labels, strict=True)) if labels else [()] * len(KINDS)
    return LabelColumns(*(np.array(cell, kind) for cell, kind in zip(cells, KINDS, strict=True)))


def learned(labels: Sequence[Label], params: LabelParams | None = None, lot: int = 1000) -> LabelBook:
    book = LabelBook(params)
    for first in range(0, len(labels), lot):
        book.learn(columns(labels[first : first + lot]))
    return book


def answered(book: LabelBook, questions: Sequence[Question]) -> list[Facts]:
    card, terminal, at = (np.array(cell) for cell in zip(*questions, strict=True))
    facts = book.answers(card.astype(np.uint64), terminal.astype(np.uint64), at)
    rows = zip(*(getattr(facts, name).tolist() for name in NAMES), strict=True)
    return [dict(zip(NAMES, row, strict=True)) for row in rows]


def differing(some: Facts, other: Facts) -> list[str]:
    return [name for name in NAMES if repr(some[name]) != repr(other[name])]


def same(some: Facts, other: Facts) -> bool:
    return not differing(some, other)


class Oracle:
    """Asks every label of every event that ever named the card or the terminal, one after the other."""

    def __init__(self, labels: Iterable[Label], params: LabelParams | None = None) -> None:
        self.params = params or LabelParams()
        self.day = DAY // self.params.step_ms
        self.chains: dict[int, list[Standing]] = defaultdict(list)
        self.named: dict[tuple[str, int], set[int]] = defaultdict(set)
        for each in sorted(labels, key=lambda label: (label.known_at, label.partition, label.offset)):
            self.chains[each.event].append((self.effect(each), each))
            self.named["card", each.card].add(each.event)
            self.named["terminal", each.terminal].add(each.event)

    def effect(self, label: Label) -> int:
        k, boundary = max(label.known_at, label.event_time + self.params.delay_ms), 0
        boundary = k // self.params.step_ms
        while boundary * self.params.step_ms < k + self.params.grace_ms:
            boundary += 1
        return boundary

    def verdict(self, event: int, step: int) -> Standing | None:
        """What counts of an event at a step, and since when."""
        standing, last, heard = None, None, 0
        for now in sorted({s for s, _ in self.chains[event] if s <= step}):
            newest = [label for s, label in self.chains[event] if s <= now][-1]
            if newest is not last:
                if last is None or last.is_fraud != newest.is_fraud or now - heard >= 90 * self.day:
                    standing = (now, newest)
                last, heard = newest, now
        return standing if standing and standing[0] > step - 90 * self.day else None

    def verdicts(self, kind: str, key: int, step: int) -> list[Standing]:
        found = (self.verdict(event, step) for event in self.named[kind, key])
        mine = [each for each in found if each and getattr(each[1], kind) == key]
        return sorted(mine, key=lambda each: (each[0], each[1].is_fraud))

    def answer(self, question: Question) -> Facts:
        step = question.at // self.params.step_ms
        here = self.verdicts("terminal", question.terminal, step)
        mine = [each for each in self.verdicts("card", question.card, step) if each[1].own]
        genuine = [label.amount for _, label in mine if not label.is_fraud]
        frauds = [each for each in here if each[1].is_fraud]
        first = len(frauds) - 1
        while first > 0 and frauds[first][0] - frauds[first - 1][0] <= 30 * self.day:
            first -= 1
        times = [label.event_time for _, label in frauds[max(first, 0) :]]
        facts: Facts = {}
        for days in (1, 7, 30):
            facts[f"terminal_count_{days}d"] = sum(s > step - days * self.day for s, _ in here)
            facts[f"terminal_fraud_{days}d"] = sum(s > step - days * self.day for s, _ in frauds)
        return facts | {
            "card_genuine_count": len(genuine),
            "card_genuine_sum": sum(genuine),
            "card_genuine_sumsq": float(sum(amount * amount for amount in genuine)),
            "card_days_since_fraud": _days(question, [-label.event_time for _, label in mine if label.is_fraud], -1),
            "card_last_label": float(mine[-1][1].is_fraud) if mine else math.nan,
            "terminal_days_since_first_fraud": _days(question, times, 1),
            "terminal_days_since_last_fraud": _days(question, [-time for time in times], -1),
            "terminal_fraud_run": [*(label.is_fraud for _, label in reversed(here)), False].index(False),
            "terminal_last_label": float(here[-1][1].is_fraud) if here else math.nan,
        }


def _days(question: Question, times: Sequence[int], sign: int) -> float:
    return (question.at - sign * min(times)) / DAY if times else math.nan


class World:
    """A bank of few cards and terminals, so that everything meets: verdicts late, repeated, corrected, missing.

    Where purchases are alike, all have one amount and most verdicts are corrected.
    A label's partition follows from its card; its offset is its place among the labels of that partition.
    """

    def __init__(
        self, seed: int, events: int, *, cards: int = 120, terminals: int = 48, days: int = 150, alike: bool = False
    ) -> None:
        self.alike = alike
        self.chance, self.cards, self.terminals, self.days = random.Random(seed), cards, terminals, days
        bad = {terminal: START + self.chance.randrange(days) * DAY for terminal in range(3)}
        known = [label for event in range(events) for label in self._labels(event, bad)]
        self.labels = self.partitioned(sorted(known, key=lambda label: label.known_at), 6)

    @staticmethod
    def partitioned(labels: Sequence[Label], partitions: int) -> list[Label]:
        ends = [0] * partitions
        placed = []
        for each in labels:
            partition = each.card % partitions
            placed.append(each._replace(partition=partition, offset=ends[partition]))
            ends[partition] += 1
        return placed

    def interleaved(self, labels: Sequence[Label]) -> list[Label]:
        """Every partition in its own order, and any of them ahead of the others."""
        queues: dict[int, list[Label]] = defaultdict(list)
        for each in labels:
            queues[each.partition].append(each)
        for queue in queues.values():
            queue.reverse()
        turns = [each.partition for each in labels]
        self.chance.shuffle(turns)
        return [queues[partition].pop() for partition in turns]

    def questions(self, count: int) -> list[Question]:
        """Half of them at any time about anyone, half about a label at about the time when it takes effect."""
        pick = self.chance.randrange
        anyone = [
            Question(pick(self.cards + 1), pick(self.terminals + 1), START + pick((self.days + 100) * DAY))
            for _ in range(count // 2)
        ]
        named = self.chance.choices(self.labels, k=count - count // 2)
        times = [max(each.known_at, each.event_time + 7 * DAY) for each in named]
        nearby = [(time // HOUR + pick(-2, 4)) * HOUR + self.chance.choice([0, HOUR - 1]) for time in times]
        return anyone + [Question(each.card, each.terminal, at) for each, at in zip(named, nearby, strict=True)]

    def _labels(self, event: int, bad: dict[int, int]) -> list[Label]:
        chance = self.chance
        time = self._edged(START + chance.randrange(HOUR if self.alike else self.days * DAY))
        terminal = chance.randrange(self.terminals)
        fraud = chance.random() < 0.1 or (terminal in bad and 0 <= time - bad[terminal] < 28 * DAY)
        amount = 100 if self.alike else chance.choice([0, 1, 999, 10**11, chance.randrange(10**11)])
        first = Label(event, chance.randrange(self.cards), terminal, amount, time, fraud, self._known(time))
        labels = [first] if chance.random() > 0.1 else []
        while labels and chance.random() < (0.7 if self.alike else 0.3):
            known = labels[-1].known_at
            known = chance.choice([known, known + HOUR // 2, self._known(known), self._known(known)])
            labels.append(first._replace(is_fraud=chance.random() < 0.5, known_at=known))
        return labels

    def _known(self, time: int) -> int:
        """By an investigator, the customer, a chargeback, or beyond the horizon."""
        longest = self.chance.choice([HOUR, 3 * DAY, 10 * DAY, 60 * DAY, 130 * DAY])
        return time + longest if self.alike else self._edged(time + self.chance.randrange(longest))

    def _edged(self, time: int) -> int:
        """As it is, or moved to where the grace ends at a boundary, or one millisecond beside that."""
        edges = [-60_001, -60_000, -59_999, -1, 0]
        return time if self.chance.random() < 0.5 else -(-time // HOUR) * HOUR + HOUR + self.chance.choice(edges)
