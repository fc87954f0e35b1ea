"""The brute force finds out every weakening of the kernels, so it would find a mistake like it."""

from typing import Any

import pytest
from support.card_oracle import DAY, HOUR, MINUTE, START, Oracle, Row, agree, answers, lots, stream
from support.mutant import Endless, weakened

from models.cards import CardBook, Terms, book, habits, slots, windows

WINDOWS = {
    "a window is closed at its beginning": ("then > time - D30", "then >= time - D30"),
    "an hour is a little longer": ("when[k] > time - H1", "when[k] >= time - H1"),
    "the event is not counted": ("c0, c1, c2, s0", "c0, c1, c2, s0 = 0, 1, 1, amount\n    _, _, _, s0"),
    "windows end now, not at the event": ("place = count if time >= newest else", "place = count if True else"),
    "equals come last": ('time, "right"', 'time, "left"'),
    "copies are folded": ("if mark & (FUTURE | REDELIVERED) == 0", "if mark & FUTURE == 0"),
    "copies are known by their time": ("== ids[row]:", ">= 0:"),
    "a copy counts its original": ("place, mark = at, REDELIVERED", "mark = REDELIVERED"),
    "only the newest is recognised": ("            at -= 1\n", "            at = NONE\n"),
    "the future is folded": ("if mark & (FUTURE | REDELIVERED) == 0", "if mark & REDELIVERED == 0"),
    "the future is not clamped": ("            time = stamps[row] + terms[FUTURE_MS]\n", ""),
    "any late event is folded": ("and time > newest - D30:", "and True:"),
    "late events are put at the end": ("for to in range(end, offset + place, -1):", "for to in range(0):"),
    "nothing is forgotten": ("oldest = newest - terms[KEPT_MS]", "oldest = newest - 100 * terms[KEPT_MS]"),
    "rings have no end": ("if end + 1 - offset > terms[CAP]:", "if end + 1 - offset > 100 * terms[CAP]:"),
    "what leaves a ring is lost": ("pour(slot, then,", "(slot, then,"),
    "hours are not forgotten": ("cut(slot, oldest,", "cut(slot, NEVER,"),
    "hours count from their end": ("then = hours[node, HOUR] * H1", "then = hours[node, HOUR] * H1 + H1 - 1"),
    "the median is off": ("lower, upper = (count - 1) >> 1,", "lower, upper = count >> 1,"),
    "the guess is the answer": ("if lower < below:", "if False:"),
    "outliers are of the month": ("(times[k] > time - D14) &", "(times[k] > time - D30) &"),
    "a late event is the newest": ("newest = max(newest, time)", "newest = time"),
    "blocks that are passed stay taken": ("for passed in range(offset >> BLOCK_SHIFT):", "for passed in range(0):"),
}
SLOTS = {
    "cards leave too early": ("<= idle_ms:", "<= idle_ms // 4:"),
    "partitions share their cards": ("and rings[slot, PARTITION] == partitions[row]", ""),
    "two cards of one place wait for each other": ("            at = (at + 1) & mask\n        slots", "        slots"),
}
HABITS = {
    "a copy is compared with itself": ("first >= time or", "first > time or"),
    "names are known for ever": ("+ TIME_MIDDLE <= time - D30", "<= NEVER"),
    "names are new once": ("begun > time - NEW_FOR", "begun > time"),
    "names are new for longer": ("begun > time - NEW_FOR", "begun >= time - NEW_FOR"),
    "the first name is new": ("earliest < begun", "earliest <= begun"),
}
TERMS = Terms(entries=7)


def log() -> list[Row]:
    """Short, of few cards that are replaced often; in two partitions that share a card."""
    rows = stream(11, 1_500, 6, 90 * MINUTE)
    for row in rows:
        row["partition"] = int(row["card_id"][5:]) % 2 if row["card_id"] != "card-1" else row["offset"] % 2
        row["device_id"] = "abcd"[row["offset"] % 4]
    edge = rows[-1] | {"card_id": "edge"}
    return [*rows, *(edge | {"event_id": f"edge-{days}", "event_time": START + days * DAY} for days in (70, 100))]


def found(rows: list[Row]) -> list[Any]:
    card_book = CardBook(TERMS)
    return [answer for piece in lots(rows, 100) for answer in answers(card_book.fold(piece))]


def compare(rows: list[Row]) -> None:
    oracle = Oracle(TERMS)
    agree(found(rows), [oracle.answer(row) for row in rows])


def habits_of(rows: list[Row]) -> list[int]:
    card_book = CardBook(TERMS)
    return [answer for piece in lots(rows, 100) for answer in card_book.fold(piece).new_device.tolist()]


def test_the_log_by_itself_is_answered_rightly() -> None:
    """What the mutants are tried on is no failure of its own."""
    compare(log())


@pytest.mark.parametrize("name", WINDOWS)
def test_a_weakened_fold_is_found_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rule of windows, order, copies, the late, the future and the hot, broken alone, is seen."""
    monkeypatch.setattr(book, "fold", weakened(windows, *WINDOWS[name])["fold"])
    rows = log()
    if name == "blocks that are passed stay taken":
        size = grown(rows)
        monkeypatch.undo()
        assert size > grown(rows)
        return
    with pytest.raises((AssertionError, IndexError, OverflowError, ZeroDivisionError, Endless)):
        compare(rows)


def grown(rows: list[Row]) -> int:
    card_book = CardBook(TERMS)
    for piece in lots(rows, 100):
        card_book.fold(piece)
    return card_book.nbytes


@pytest.mark.parametrize("name", SLOTS)
def test_a_weakened_table_is_found_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cards that leave, move or share their names, on a longer log of many cards."""
    for function in ("find", "evict"):
        monkeypatch.setattr(book, function, weakened(slots, *SLOTS[name])[function])
    with pytest.raises((AssertionError, IndexError, Endless)):
        compare([*log(), *stream(12, 9_000, 60, 40 * MINUTE)])


@pytest.mark.parametrize("name", HABITS)
def test_weakened_habits_are_found_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy is as new as its original, a day ends what is new, and a month what is known."""
    first = {"event_time": START, "device_id": "a"}
    usual = stream(0, 1, 1)[0] | {"timestamp": -1}
    moments = [first, {"event_time": START + HOUR, "device_id": "b"}] * 2 + [
        {"event_time": START + 2 * HOUR, "device_id": "a"},
        {"event_time": START + 3 * HOUR, "device_id": "b"},
        {"event_time": START + HOUR + DAY, "device_id": "b"},
        {"event_time": START + 29 * DAY, "device_id": "c"},
        {"event_time": START + 33 * DAY, "device_id": "a"},
    ]
    rows = [usual | {"event_id": str(moment["event_time"])} | moment for moment in moments]
    assert habits_of(rows) == [-1, 1, -1, 1, 0, 1, 0, 1, 1]
    monkeypatch.setattr(book, "observe", weakened(habits, *HABITS[name])["observe"])
    assert habits_of(rows) != [-1, 1, -1, 1, 0, 1, 0, 1, 1]
