"""Which column becomes which field, and what is said where that cannot be."""

from pathlib import Path

import pytest

from batch.history.assignment import LABELS, TRANSACTIONS, assignment
from batch.history.files import File
from batch.history.formats import Format
from schemas.errors import Usage

FILE = File(Path("t.csv"), Format.CSV)
OWN = ["event_id", "event_time", "card_id", "amount_minor", "is_fraud"]


def test_columns_go_by_their_own_names() -> None:
    """A table of the contract's fields needs no word; other columns are left alone."""
    assert assignment(TRANSACTIONS, []).of(FILE, [*OWN, "more"]) == {name: name for name in OWN}


def test_what_is_told_comes_first() -> None:
    """A column that was given to a field is no other's, not even that of its own name."""
    told = assignment(TRANSACTIONS, ["event_time=timestamp", "amount=amount_minor", "is_fraud=card"])
    found = told.of(FILE, ["timestamp", "amount_minor", "card", "card_id", "event_time"])
    assert found == {"event_time": "timestamp", "amount": "amount_minor", "is_fraud": "card", "card_id": "card_id"}


def test_an_amount_must_be_told() -> None:
    """A column called amount may be in cents or in euros, so it is not taken by its name."""
    with pytest.raises(Usage, match="known to be the amount_minor") as caught:
        assignment(TRANSACTIONS, []).of(FILE, ["event_time", "card_id", "amount"])
    assert "--map amount=COLUMN (12.34) or --map amount_minor=COLUMN (1234)" in caught.value.fix


def test_a_constant_is_as_good_as_a_column() -> None:
    """What is filled need not be there."""
    told = assignment(TRANSACTIONS, [], ["card_id=one", "amount_minor=100"])
    assert told.of(FILE, ["event_time"]) == {"event_time": "event_time"}


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (["card_id=CUSTMER"], r"t.csv has no column CUSTMER \(--map card_id=CUSTMER\); did you mean CUSTOMER?"),
        (["card=CUSTOMER"], "card is no field; did you mean card_id"),
        (["card_id"], "is not FIELD=COLUMN"),
        (["card_id="], "is not FIELD=COLUMN"),
        (["card_id=A", "card_id=B"], "gives card_id twice"),
        (["amount=A", "amount_minor=B"], "names both amount and amount_minor"),
        ([], "no column is known to be the event_time of transactions"),
    ],
)
def test_what_cannot_be_is_said(columns: list[str], said: str) -> None:
    """With the file, the column, and what was probably meant."""
    with pytest.raises(Usage, match=said):
        assignment(TRANSACTIONS, columns).of(FILE, ["CUSTOMER", "A", "B"])


def test_labels_need_little() -> None:
    """The event and the verdict; the rest may be known from the transactions."""
    assert assignment(LABELS, ["is_fraud=x"]).of(FILE, ["event_id", "x"]) == {"event_id": "event_id", "is_fraud": "x"}
    with pytest.raises(Usage, match="--label-map"):
        assignment(LABELS, ["is_fraud=y"]).of(FILE, ["event_id", "x"])
