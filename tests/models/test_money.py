from collections.abc import Callable

import pyarrow as pa
import pytest

from models.money import Money
from schemas.errors import Misconfigured

Make = Callable[..., pa.RecordBatch]


def amounts(lot: Make, money: Money, *rows: tuple[str, int]) -> tuple[list[int], list[bool]]:
    made, foreign = money.amounts(lot(*({"currency": code, "amount_minor": amount} for code, amount in rows)))
    return made.tolist(), foreign.tolist()


def test_without_a_reference_nothing_is_foreign(lot: Make) -> None:
    """Amounts are taken as they are."""
    assert amounts(lot, Money(), ("EUR", 5), ("USD", 7)) == ([5, 7], [False, False])


def test_amounts_are_converted_by_whole_numbers(lot: Make) -> None:
    """Halves are rounded up, and what has no rate stays as it is and is said to be foreign."""
    money = Money("EUR", {"USD": 500_000, "JPY": 600_000})
    rows = (("EUR", 5), ("USD", 3), ("USD", 4), ("GBP", 9), ("JPY", 1))
    assert amounts(lot, money, *rows) == ([5, 2, 2, 9, 1], [False, False, False, True, False])


def test_an_amount_stays_within_the_contract(lot: Make) -> None:
    """The largest amount at the highest rate is the largest amount."""
    assert amounts(lot, Money("EUR", {"KWD": 80_000_000}), ("KWD", 10**11)) == ([10**11], [False])


@pytest.mark.parametrize("rate", [0, -1, 80_000_001])
def test_rates_out_of_range_are_refused(rate: int) -> None:
    """A rate that could overflow, or make nothing of money, is an error of the table."""
    with pytest.raises(Misconfigured, match="USD"):
        Money("EUR", {"USD": rate})
