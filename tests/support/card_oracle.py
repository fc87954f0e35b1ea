"""A brute force on Python integers that says what a card book must answer, and streams to try both with."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Any

import pyarrow as pa

from models.cards import CardFacts, Terms
from schemas.lot.table import SCHEMA

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = 1_767_571_200_000
MONTH = 30 * DAY
SPANS = (10 * MINUTE, HOUR, DAY, 7 * DAY, MONTH)
LATE, REDELIVERED, FUTURE, CAPPED = 16, 32, 64, 128

Row = dict[str, Any]
Answer = tuple[Any, ...]


@dataclass
class Oracle:
    """Never forgets a card: what leaves a book must not be missed."""

    terms: Terms
    rings: dict[Any, list[tuple[int, int, str]]] = field(default_factory=dict)
    hours: dict[Any, list[tuple[int, int]]] = field(default_factory=dict)

    def answer(self, row: Row) -> Answer:
        name, at, amount = (row["partition"], row["card_id"]), row["event_time"], row["amount_minor"]
        ring, poured = self.rings.setdefault(name, []), self.hours.setdefault(name, [])
        newest, place, mark = ring[-1][0] if ring else -(10**18), -1, 0
        if at > row["timestamp"] + self.terms.future_ms > self.terms.future_ms:
            at, mark = row["timestamp"] + self.terms.future_ms, FUTURE
        elif (at, row["event_id"]) in (known := [(time, event) for time, _, event in ring]):
            place, mark = known.index((at, row["event_id"])), REDELIVERED
        elif at < newest:
            mark = LATE
        place = sum(time <= at for time, _, _ in ring) if place < 0 else place
        past, by_hour = ring[:place], [each for each in poured if at - MONTH < each[0] <= at]
        spans = [[a for t, a, *_ in past + by_hour if at - span < t <= at] + [amount] for span in SPANS]
        month = [(t, a) for t, a, _ in past if at - t < MONTH]
        middle = median(a for _, a in month) if month else -1
        if mark in {0, LATE} and at > newest - MONTH:
            ring.insert(place, (at, amount, row["event_id"]))
            oldest = ring[-1][0] - self.terms.kept_ms
            ring[:] = [entry for entry in ring if entry[0] > oldest]
            if len(ring) > self.terms.entries:
                time, gone, _ = ring.pop(0)
                poured.append((time // HOUR * HOUR, gone))
            poured[:] = [each for each in poured if each[0] > oldest]
        return (
            mark | (CAPPED if by_hour else 0),
            at,
            [len(span) for span in spans],
            [sum(span) for span in spans],
            month[-1][0] if month else -1,
            max((a for _, a in month), default=-1),
            -1 if middle < 0 else int(2 * middle),
            sum(t > at - 14 * DAY and a > 3 * middle for t, a in month),
        )


def answers(facts: CardFacts) -> list[Answer]:
    """The same, from a book."""
    columns = (facts.counts, facts.totals, facts.previous, facts.highest, facts.median_twice, facts.outliers)
    return list(zip(facts.marks.tolist(), facts.at.tolist(), *(each.tolist() for each in columns), strict=True))


def agree(found: Sequence[object], expected: Sequence[object]) -> None:
    """Names the first difference; a list of all that differs would take minutes to make."""
    assert len(found) == len(expected), f"{len(found)} answers, not {len(expected)}"
    for number, (some, other) in enumerate(zip(found, expected, strict=True)):
        assert some == other, f"row {number}: {some}, not {other}"


def lot(rows: Sequence[Row]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(list(rows), SCHEMA)


def lots(rows: Sequence[Row], size: int) -> Iterator[pa.RecordBatch]:
    """Cut anew from one table, which is faster than row by row."""
    whole = lot(rows)
    for first, end in pairwise([*range(0, len(rows), size), len(rows)]):
        yield whole.slice(first, end - first)


def stream(seed: int, events: int, cards: int, step: int = 20 * MINUTE) -> list[Row]:
    """A log in which everything happens; times move on by `step` on average, now and then by weeks.

    So many cards are in use at a time; half of them are replaced four times, and few come back. An event that lags
    more than 25 days behind is of a card that was used in the last 20.
    """
    chance, now, rows = random.Random(seed), START, []
    last: dict[int, Row] = {}
    for number in range(events):
        now += chance.randrange(2 * step) if chance.random() > 0.0008 else chance.randrange(90 * DAY)
        oldest = 0 if chance.random() < 0.02 else 4 * number // events * cards // 2
        card = oldest + int(cards * chance.random() ** 2)
        before, kind = last.get(card), chance.random()
        recent = before is not None and before["event_time"] > now - 20 * DAY
        row = {
            "event_id": f"e{number}",
            "event_time": now,
            "card_id": f"card-{card}",
            "customer_id": "1",
            "terminal_id": "1",
            "amount_minor": chance.choice((0, 5, 100, chance.randrange(10_000), chance.randrange(10**11 + 1))),
            "currency": "EUR",
            "partition": 0,
            "offset": number,
            "timestamp": now,
            "marks": 0,
        }
        if before and recent and kind < 0.08:
            row |= {key: before[key] for key in ("event_id", "event_time", "amount_minor")}
        elif before and recent and kind < 0.16:
            row["event_time"] = before["event_time"]
        elif kind < 0.24:
            row["event_time"] -= chance.choice((1, 10 * MINUTE, HOUR, DAY, chance.randrange(25 * DAY)))
        elif before and recent and kind < 0.28:
            row["event_time"] = before["event_time"] - chance.choice((MONTH, chance.randrange(90 * DAY)))
        elif kind < 0.31:
            row["event_time"] += chance.choice((5 * MINUTE, 5 * MINUTE + 1, chance.randrange(40 * DAY)))
        elif kind < 0.32:
            row["timestamp"] = -1
        elif before and kind < 0.36:
            edge = before["event_time"] + chance.choice(SPANS) - chance.randrange(2)
            row["event_time"] = edge if now - 20 * DAY < edge < now else now
        rows.append(row)
        if chance.random() < 0.5 and row["event_time"] <= now:
            last[card] = row
    return rows
