"""The state of a partition as arrays."""

from typing import Any

import numpy as np
import pytest
from support.card_oracle import MINUTE, Row, answers, lots, stream

from models.cards import CardBook, Terms
from schemas.errors import Misconfigured

TERMS = Terms(entries=9)


def log() -> list[Row]:
    rows = stream(3, 6_000, 40, 30 * MINUTE)
    for row in rows:
        card = int(row["card_id"][5:])
        row |= {"partition": card % 3, "device_id": f"d{card % 5}{row['offset'] % 7 == 0}", "country": "DE"}
    return rows


def run(book: CardBook, rows: list[Row], size: int = 500) -> list[Any]:
    facts = [book.fold(piece) for piece in lots(rows, size)]
    return [(answers(each), each.new_device.tolist(), each.new_country.tolist()) for each in facts]


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("cut", [0, 1, 2_500, 5_000])
def test_a_restored_book_goes_on_as_if_nothing_had_happened(cut: int) -> None:
    """Partitions put into another book, beside some that it knew, answer as they would have."""
    rows = log()
    first, second = CardBook(TERMS), CardBook(TERMS)
    run(first, rows[:cut])
    run(second, rows[::-1][:700])
    for partition in range(3):
        second.from_arrays(partition, first.to_arrays(partition))
    assert run(second, rows[cut:]) == run(first, rows[cut:])


def test_equal_histories_give_equal_arrays() -> None:
    """Whatever lots they came in, whoever else was in the book, and wherever the cards lay."""
    rows = log()
    alone, crowded = CardBook(TERMS), CardBook(TERMS)
    run(alone, [row for row in rows if row["partition"] == 1], 7)
    run(crowded, rows, 1_000)
    assert len(alone.to_arrays(1)["keys"]) > 10
    assert same(alone.to_arrays(1), crowded.to_arrays(1))
    copy = CardBook(TERMS)
    copy.from_arrays(5, alone.to_arrays(1))
    assert same(copy.to_arrays(5), alone.to_arrays(1))


def test_a_dropped_partition_is_forgotten_and_its_room_used_again() -> None:
    """The others go on; dropping all and folding anew needs no more memory."""
    rows = log()
    book, other = CardBook(TERMS), CardBook(TERMS)
    run(book, rows)
    size = book.nbytes
    book.drop(0)
    run(other, [row for row in rows if row["partition"] > 0])
    assert same(book.to_arrays(1), other.to_arrays(1))
    assert len(book.to_arrays(0)["keys"]) == 0
    for partition in range(3):
        book.drop(partition)
    assert len(book) == 0
    assert run(book, rows) == run(CardBook(TERMS), rows)
    assert book.nbytes == size


def test_arrays_of_other_terms_are_refused() -> None:
    """A ring that does not fit is an error, never a crash."""
    book = CardBook(Terms(entries=9))
    run(book, log())
    with pytest.raises(Misconfigured, match="more than 5 entries"):
        CardBook(Terms(entries=5)).from_arrays(0, book.to_arrays(0))
