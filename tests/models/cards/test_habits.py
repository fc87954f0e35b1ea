"""Devices, countries and places against a plain reading of the rules, one card at a time."""

import random

import numpy as np
import pyarrow as pa
import pytest
from support.card_oracle import DAY, HOUR, LATE, MINUTE, START, Oracle, Row, agree, lot, lots, stream

from models.cards import CardBook, Terms
from models.hashing import hash_strings

MONTH = 30 * DAY


class Reader:
    """Of one kind of name: three places, each with a name and when it was first and last seen."""

    def __init__(self) -> None:
        self.known = [("", 0, -1)] * 3

    def answer(self, name: str | None, time: int) -> int:
        valid = {each: first for each, first, last in self.known if each and first < time and last > time - MONTH}
        if name is None or not valid:
            return -1
        return int(name not in valid or (valid[name] > time - DAY and min(valid.values()) < valid[name]))

    def keep(self, name: str, time: int) -> None:
        names = [each for each, _, _ in self.known]
        if name in names:
            _, first, last = self.known[names.index(name)]
            first = time if time - last >= MONTH else min(first, time)
            self.known[names.index(name)] = (name, first, max(last, time))
            return
        number = {each: int(hash_strings(pa.array([each]))[0] >> 20) for each in names}
        stale = min(range(3), key=lambda place: (*self.known[place][2:0:-1], number[names[place]]))
        if self.known[stale][2] <= time:
            self.known[stale] = (name, time, time)


def log(seed: int) -> list[Row]:
    chance, rows = random.Random(seed), stream(seed, 6_000, 30, 3 * HOUR)
    for row in rows:
        row["device_id"] = chance.choice((None, "a", "b", "c", "d", chance.choice("efgh")))
        row["country"] = chance.choice((None, "DE", "DE", "FR", chance.choice(("US", "BR", "IT"))))
        row["latitude"] = chance.choice((None, 10.0, 20.0))
        row["longitude"] = chance.choice((None, 0.0))
    return rows


@pytest.mark.parametrize("field", ["device_id", "country"])
def test_names_are_new_as_the_rules_say(field: str) -> None:
    """Every event of a log in which everything happens, whatever its lots."""
    rows, oracle, readers, expected = log(4), Oracle(Terms()), {}, []
    for row in rows:
        mark, time, *_ = oracle.answer(row)
        ring = oracle.rings[row["partition"], row["card_id"]]
        reader = readers.setdefault(row["card_id"], Reader())
        expected.append(reader.answer(row[field], time))
        kept = mark in {0, LATE} and (time, row["amount_minor"], row["event_id"]) in ring
        if row[field] is not None and kept:
            reader.keep(row[field], time)
    assert len(set(expected)) == 3
    for size in (1_000, 7):
        book = CardBook()
        facts = [book.fold(piece) for piece in lots(rows, size)]
        found = [each.new_device if field == "device_id" else each.new_country for each in facts]
        agree([answer for column in found for answer in column.tolist()], expected)


def purchase(time: int, event: str, **others: object) -> Row:
    return stream(0, 1, 1)[0] | {"event_time": time, "timestamp": -1, "event_id": event} | others


def test_a_copy_is_as_new_as_its_original() -> None:
    """What an event has added to the card's habits is not held against its own copy."""
    rows = [purchase(START, "a", device_id="x"), purchase(START + 1, "b", device_id="y", country="DE")]
    facts = CardBook().fold(lot([*rows, rows[1], rows[0]]))
    assert facts.new_device.tolist() == [-1, 1, 1, -1]


def test_what_came_beside_others_is_new_for_a_day() -> None:
    """From the second of a device's uses on too; the card's first device never is."""
    times = (0, 1, 2, DAY, DAY + 1, DAY + 2)
    rows = [purchase(START + time, f"e{time}", device_id="x" if time in {0, 2} else "y") for time in times]
    assert CardBook().fold(lot(rows)).new_device.tolist() == [-1, 1, 0, 1, 0, 0]


def test_a_pause_makes_everything_new() -> None:
    """A month later there is nothing to compare with, and the first sight counts anew."""
    times = (START, START + MONTH, START + MONTH + 1, START + MONTH - 5)
    rows = [purchase(time, f"e{number}", country="DE") for number, time in enumerate(times)]
    assert CardBook().fold(lot(rows)).new_country.tolist() == [-1, -1, 0, -1]


def test_places_are_compared_with_the_one_before() -> None:
    """The latest before the event's own time, of the two remembered, in 30 days; else unknown."""
    north = {"latitude": 10.0, "longitude": 0.0}
    rows = [
        purchase(START, "a", **north),
        purchase(START + HOUR, "b", latitude=11.0, longitude=0.0),
        purchase(START + HOUR, "c", latitude=13.0, longitude=0.0),
        purchase(START + HOUR + MINUTE, "d", latitude=13.0),
        purchase(START + 30 * MINUTE, "e", latitude=10.0, longitude=1.0),
        purchase(START + 2 * HOUR, "f", latitude=14.0, longitude=0.0),
        purchase(START + 31 * DAY, "g", **north),
    ]
    rows = [*rows[:6], rows[5], rows[1], *rows[6:]]
    facts = CardBook().fold(lot(rows))
    degree = 6371 * 3.141592653589793 / 180
    before = [-1, START, START, -1, START, START + HOUR, START + HOUR, -1, -1]
    assert facts.place_before.tolist() == before
    assert facts.kilometres[[1, 2, 5]].tolist() == pytest.approx([degree, 3 * degree, degree])
    assert np.isnan(facts.kilometres).tolist() == [time < 0 for time in before]
