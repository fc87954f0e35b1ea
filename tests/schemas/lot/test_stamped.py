"""Rows that say when they arrived."""

from typing import Any

import pytest

from schemas.contracts import LABEL
from schemas.lot import Checks, from_mappings
from schemas.lot.stamped import from_stamped

AT = 1_767_571_200_000


def row(number: int, **more: object) -> dict[str, Any]:
    ids = {"event_id": f"e{number}", "card_id": "c", "customer_id": "7", "terminal_id": "t"}
    return {**ids, "event_time": AT + number, "amount_minor": 1_000, "currency": "EUR", **more}


def test_without_a_time_of_arrival_it_is_the_lot_of_any_mapping() -> None:
    """The same rows, the same coordinates, the same refusals."""
    rows = [row(1), row(2, amount_minor=-1), row(3, currency="eur"), row(4)]
    one, other = from_stamped(rows, Checks()), from_mappings(rows, Checks())
    assert one.rows.equals(other.rows)
    assert one.refusals == other.refusals


@pytest.mark.parametrize("stamp", [AT - 5, "2026-01-05T00:00:00Z"])
def test_the_time_of_arrival_stands_in_the_lot(stamp: object) -> None:
    """In milliseconds or as text, as any time of the contract; the event keeps its own."""
    [found] = from_stamped([row(1, timestamp=stamp)], Checks()).rows["timestamp"].to_pylist()
    assert found == (stamp if isinstance(stamp, int) else 1_767_571_200_000)


@pytest.mark.parametrize(
    ("stamp", "reason"), [("noon", "wrong_type"), (1.5, "wrong_type"), (True, "wrong_type"), (0, "time_out_of_range")]
)
def test_a_time_of_arrival_that_is_none_is_refused(stamp: object, reason: str) -> None:
    """Nothing is converted silently, and the neighbours stay where they are."""
    found = from_stamped([row(1), row(2, timestamp=stamp), row(3)], Checks())
    assert [(each.row, str(each.reason)) for each in found.refusals] == [(1, reason)]
    assert found.rows["offset"].to_pylist() == [0, 2]


def test_several_lots_of_one_log_have_different_places() -> None:
    """Offsets count on; what is known by its place is not taken for a copy."""
    assert from_stamped([row(1), row(2)], Checks(), first=5).rows["offset"].to_pylist() == [5, 6]


def test_labels_are_known_when_they_say_so() -> None:
    """Of any contract; as text, an empty cell is no time."""
    label = {name: str(cell) for name, cell in row(1).items() if name != "customer_id"}
    label |= {"is_fraud": "true", "source": "x", "timestamp": ""}
    known = label | {"timestamp": str(AT + 9)}
    lot = from_stamped([label, known], Checks(), text=True, contract=LABEL)
    assert lot.rows["timestamp"].to_pylist() == [AT + 1, AT + 9]
