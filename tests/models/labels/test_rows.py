"""Labels of the contract as what a book learns."""

import numpy as np
import pyarrow as pa

from models.hashing import hash_strings
from models.labels import LabelBook, LabelParams
from models.labels.rows import NO_TERMINAL, label_columns
from models.money import Money
from schemas.contracts import LABEL
from schemas.lot import Checks, from_mappings

HOUR_MS = 3_600_000
START = 1_767_225_600_000


def rows(*terminals: str, currency: str = "EUR") -> pa.RecordBatch:
    labels = [
        {
            "event_id": f"e{number}",
            "card_id": "c",
            "terminal_id": terminal,
            "amount_minor": 1_000,
            "currency": currency,
            "event_time": START,
            "is_fraud": True,
            "source": "customer",
        }
        for number, terminal in enumerate(terminals)
    ]
    return from_mappings(labels, Checks(), contract=LABEL).rows


def test_a_label_is_taken_over() -> None:
    """Ids as hashes, the amount in the reference currency, known at the record's timestamp."""
    found = label_columns(rows("t", currency="USD"), Money("EUR", {"USD": 500_000}))
    assert found.event.tolist() == hash_strings(pa.array(["e0"])).tolist()
    assert found.card.tolist() == hash_strings(pa.array(["c"])).tolist()
    assert found.terminal.tolist() == hash_strings(pa.array(["t"])).tolist()
    assert (found.amount.tolist(), found.is_fraud.tolist(), found.own.tolist()) == ([500], [True], [True])
    assert found.known_at.tolist() == found.event_time.tolist() == [START]


def test_nothing_is_ever_known_of_no_terminal() -> None:
    """What all transactions without one have in common says nothing about a place; the card's label stays."""
    book = LabelBook(LabelParams(HOUR_MS, 60_000, 0))
    book.learn(label_columns(rows(NO_TERMINAL, "t"), Money()))
    cards, terminals = hash_strings(pa.array(["c", "c"])), hash_strings(pa.array([NO_TERMINAL, "t"]))
    facts = book.answers(cards, terminals, np.full(2, START + 48 * HOUR_MS))
    assert facts.terminal_fraud_7d.tolist() == [0, 1]
    assert np.isnan(facts.terminal_last_label[0])
    assert facts.card_last_label.tolist() == [1.0, 1.0]
