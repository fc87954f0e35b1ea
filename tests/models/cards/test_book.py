"""A card book against a brute force on Python integers, on logs in which everything happens."""

import numpy as np
import pytest
from support.card_oracle import (
    CAPPED,
    DAY,
    FUTURE,
    HOUR,
    LATE,
    MINUTE,
    REDELIVERED,
    START,
    Answer,
    Oracle,
    Row,
    agree,
    answers,
    lot,
    lots,
    stream,
)
from support.pace import times_as_fast

from models.cards import CardBook, Terms
from models.money import Money
from schemas.errors import Misconfigured
from schemas.verdicts import Mark

LOGS = {
    "many cards": (Terms(), 20_000, 60, 40 * MINUTE),
    "few and busy cards": (Terms(), 6_000, 4, 60 * MINUTE),
    "nothing is remembered beyond the month": (Terms(late_ms=0, idle_ms=60 * DAY), 8_000, 40, 90 * MINUTE),
    "hot cards": (Terms(entries=7), 12_000, 40, 20 * MINUTE),
    "rings of one": (Terms(entries=1), 4_000, 4, 20 * MINUTE),
    "bursts": (Terms(entries=50), 6_000, 10, 2 * MINUTE),
}


def wanted(terms: Terms, rows: list[Row]) -> list[Answer]:
    oracle = Oracle(terms)
    return [oracle.answer(row) for row in rows]


def folded(book: CardBook, rows: list[Row], size: int) -> list[Answer]:
    return [answer for piece in lots(rows, size) for answer in answers(book.fold(piece))]


@pytest.mark.parametrize("name", LOGS)
def test_every_fact_is_that_of_the_brute_force(name: str) -> None:
    """Marks, windows, previous, highest, median and outliers of every event; cut into lots of 1, 7 and 1000."""
    terms, events, cards, step = LOGS[name]
    rows = stream(len(name), events, cards, step)
    expected = wanted(terms, rows)
    for size, part in ((1000, events), (7, events // 2), (1, events // 8)):
        agree(folded(CardBook(terms), rows[:part], size), expected[:part])


@pytest.mark.parametrize("name", LOGS)
def test_what_nobody_asked_about_is_remembered_as_well(name: str) -> None:
    """Answers on what comes after are the same, and so is all that is written down."""
    terms, events, cards, step = LOGS[name]
    rows = stream(len(name), events // 2, cards, step)
    book, expected, asked = CardBook(terms), CardBook(terms), True
    for piece in lots(rows, 97):
        answer, asked = answers(expected.fold(piece)), not asked
        if asked:
            agree(answers(book.fold(piece)), answer)
        else:
            book.remember(piece)
    for partition in range(6):
        mine, theirs = book.to_arrays(partition), expected.to_arrays(partition)
        assert all(np.array_equal(mine[each], theirs[each]) for each in theirs)


def test_it_is_much_faster_than_the_brute_force() -> None:
    """In lots of a usual size, of cards in use; a hundredth of the time is usual."""
    rows = stream(6, 8_000, 60, 40 * MINUTE)
    pieces = list(lots(rows, 1_000))

    def at_once() -> None:
        book = CardBook()
        for each in pieces:
            book.fold(each)

    assert times_as_fast(at_once, lambda: wanted(Terms(), rows)) > 10


def test_the_logs_have_everything_in_them() -> None:
    """Every mark occurs often, alone and beside others, and cards leave the book and come back."""
    terms, events, cards, step = LOGS["hot cards"]
    rows = stream(1, events, cards, step)
    book, oracle = CardBook(terms), Oracle(terms)
    marks = [oracle.answer(row)[0] for row in rows]
    folded(book, rows, 1000)
    for mark in (0, LATE, REDELIVERED, FUTURE, CAPPED, LATE | CAPPED, REDELIVERED | CAPPED):
        assert marks.count(mark) > 20, mark
    assert len(book) < 0.8 * len(oracle.rings)


@pytest.mark.parametrize("partitions", [1, 6, 12])
def test_partitions_cannot_be_seen(partitions: int) -> None:
    """The answers are the same over any number of partitions, and in whatever order their lots come."""
    rows = stream(5, 12_000, 60, 40 * MINUTE)
    expected = dict(zip((row["offset"] for row in rows), wanted(Terms(), rows), strict=True))
    spread = [row | {"partition": int(row["card_id"][5:]) % partitions} for row in rows]
    book, chance, found = CardBook(), np.random.default_rng(partitions), {}
    waiting = [[row for row in spread if row["partition"] == partition] for partition in range(partitions)]
    while any(waiting):
        taken = []
        for partition in chance.permutation(partitions).tolist():
            count = int(chance.integers(0, 400))
            taken += waiting[partition][:count]
            waiting[partition] = waiting[partition][count:]
        found |= dict(zip((row["offset"] for row in taken), answers(book.fold(lot(taken))), strict=True))
    agree([found[row] for row in sorted(found)], [expected[row] for row in sorted(expected)])


def test_one_card_in_two_partitions_is_two() -> None:
    """What a misplaced record finds does not depend on which partitions are read here."""
    rows = stream(6, 4_000, 10)
    for number, row in enumerate(rows):
        row["partition"] = number % 3 % 2
    agree(folded(CardBook(), rows, 500), wanted(Terms(), rows))


def test_the_future_changes_nothing() -> None:
    """The answers on the first rows of a lot are the same whatever follows them, in their lot or later."""
    rows = stream(7, 3_000, 20)
    short = folded(CardBook(), rows[:1_500], 1_500)
    agree(folded(CardBook(), rows, 3_000)[:1_500], short)
    agree(folded(CardBook(), rows, 700)[:1_500], short)


def purchase(time: int, event: str, amount: int = 100, **others: object) -> Row:
    usual = {"event_time": time, "timestamp": time, "event_id": event, "amount_minor": amount}
    return stream(0, 1, 1)[0] | usual | others


@pytest.mark.parametrize("cuts", [(6,), (1, 1, 1, 1, 1, 1), (2, 4), (4, 2)])
def test_a_copy_gets_the_answer_of_its_original(cuts: tuple[int, ...]) -> None:
    """A, A and A, B, A, within a lot and across lots; the copy is marked, and its amount counts once."""
    a, b = purchase(START, "a", 5), purchase(START, "b", 7)
    rows = [a, a, b, a, b, purchase(START + 1, "c", 11)]
    book, found, at = CardBook(), [], 0
    for cut in cuts:
        found += answers(book.fold(lot(rows[at : at + cut])))
        at += cut
    assert [each[0] for each in found] == [0, REDELIVERED, 0, REDELIVERED, REDELIVERED, 0]
    assert found[1][1:] == found[3][1:] == found[0][1:]
    assert found[4][1:] == found[2][1:]
    assert found[5][2:4] == ([3] * 5, [23] * 5)


def test_a_late_event_meets_a_full_ring_that_drops() -> None:
    """It takes its own place, also while the oldest entries leave."""
    terms = Terms(entries=4, late_ms=0, idle_ms=60 * DAY)
    days = (0, 1, 2, 3, 30.5, 29, 31, 30.2, 31.5, 28, 60, 59, 90, 45)
    rows = [purchase(START + int(day * DAY), f"e{day}", 1 + number) for number, day in enumerate(days)]
    assert folded(CardBook(terms), rows, 14) == wanted(terms, rows)


def test_edges_of_windows() -> None:
    """A window is open at its beginning and closed at its end."""
    for window, span in enumerate((10 * MINUTE, HOUR, DAY, 7 * DAY, 30 * DAY)):
        rows = [purchase(START, "a"), purchase(START + span - 1, "b"), purchase(START + span, "c")]
        found = CardBook().fold(lot(rows))
        assert found.counts[:, window].tolist() == [1, 2, 2]
        assert found.counts_before[:, window].tolist() == [0, 1, 1]
        assert found.totals_before[:, window].tolist() == [0, 100, 100]


def test_the_largest_amounts_and_farthest_times_fit() -> None:
    """From 0 in 2000 to 100,000,000,000 in 2099 nothing overflows."""
    for time in (946_684_800_000, 4_102_444_800_000 - 10_000):
        rows = [purchase(time + number, f"e{number}", 10**11 * (number % 3 > 0)) for number in range(9)]
        assert folded(CardBook(), rows, 9) == wanted(Terms(), rows)


def test_a_card_that_is_gone_is_unknown() -> None:
    """Once its partition has moved on by the idle time a card equals one never seen, whether or not it has left."""
    later = START + 61 * DAY
    crowd = [purchase(later, f"c{number}", card_id=f"other-{number}") for number in range(127)]
    first, late = purchase(START, "first", device_id="a"), purchase(START - 1, "late", timestamp=later, device_id="b")
    unknown = folded(CardBook(), [late], 1)[0]
    for size in (1, 200):
        assert folded(CardBook(), [first, *crowd, late], size)[-1] == unknown
        assert folded(CardBook(), [first, *crowd[1:], late], size)[-1][0] == LATE
    book = CardBook()
    assert [book.fold(piece).new_device.tolist()[-1] for piece in lots([first, *crowd, late, late], 43)][-1] == -1


def test_a_few_wrong_clocks_forget_nobody() -> None:
    """Records that are wrong by decades, timestamps and all, move no clock."""
    wrong = [purchase(START + 9_000 * DAY, f"w{number}", card_id=f"w-{number}") for number in range(40)]
    rows = [purchase(START, "a"), *wrong, purchase(START + 1, "b"), *wrong, purchase(START + 2, "c")]
    assert folded(CardBook(), rows, 7)[-1][2] == [3] * 5


def test_money_and_marks() -> None:
    """Windows are in the reference currency; what has no rate is marked and counted as it is."""
    rows = [purchase(START, "a", currency="USD"), purchase(START, "b", currency="GBP"), purchase(START, "c")]
    facts = CardBook(money=Money("EUR", {"USD": 500_000})).fold(lot(rows))
    assert facts.totals[:, 0].tolist() == [50, 150, 250]
    assert facts.marks.tolist() == [0, Mark.FOREIGN_CURRENCY, 0]


def test_an_empty_lot() -> None:
    """Nothing in, nothing out."""
    facts = CardBook().fold(lot([]))
    assert (len(facts.marks), facts.counts.shape, len(facts.kilometres)) == (0, (0, 5), 0)


def test_a_card_of_forty_five_entries_is_small() -> None:
    """With all that is remembered of it, in at most a kilobyte."""
    rows = [
        purchase(START + day * 15 * HOUR, f"e{day}-{card}", card_id=f"card-{card}", device_id="d", country="DE")
        for day in range(45)
        for card in range(1_000)
    ]
    book = CardBook()
    folded(book, rows, 5_000)
    assert len(book) == 1_000
    assert book.nbytes / len(book) <= 1_024


@pytest.mark.parametrize(
    "wrong", [{"late_ms": -1}, {"future_ms": -1}, {"entries": 0}, {"entries": 10**6}, {"idle_ms": 36 * DAY}]
)
def test_terms_that_cannot_hold_are_refused(wrong: dict[str, int]) -> None:
    """Among them a card that would be forgotten while it still counts."""
    with pytest.raises(Misconfigured):
        Terms(**wrong)


def test_the_latest_timestamp_there_is_makes_nothing_future() -> None:
    """Producers may write any; no event is scored as of a time that nobody can have meant."""
    row = stream(5, 1, 1)[0]
    for stamp in (2**63 - 1, 2**63 - Terms().future_ms, 2**63 - Terms().future_ms - 1, 2**62):
        facts = CardBook().fold(lot([row | {"timestamp": stamp}]))
        assert (facts.at.tolist(), facts.marks.tolist()) == ([int(row["event_time"])], [0])
