"""Requests that run as they stand, and what they are answered with; the suite sends each of them."""

from typing import Any, Final

CARD: Final = "card-17"
CUSTOMER: Final = "101"
EVENT: Final = "e-1003"

TRANSACTION: Final[dict[str, Any]] = {
    "event_id": EVENT,
    "event_time": "2026-01-31T12:00:00Z",
    "card_id": CARD,
    "customer_id": CUSTOMER,
    "terminal_id": "t-5",
    "amount_minor": 480_000,
    "currency": "EUR",
    "country": "DE",
    "channel": "ONLINE",
}
BEFORE: Final = [
    TRANSACTION | {"event_id": "e-1001", "event_time": "2025-12-20T09:15:00Z", "amount_minor": 1_250},
    TRANSACTION | {"event_id": "e-1002", "event_time": "2026-01-31T11:58:00Z", "amount_minor": 2_000},
]
LABEL: Final[dict[str, Any]] = {
    "event_id": "e-1001",
    "card_id": CARD,
    "terminal_id": "t-5",
    "amount_minor": 1_250,
    "currency": "EUR",
    "event_time": "2025-12-20T09:15:00Z",
    "is_fraud": False,
    "source": "investigator",
    "timestamp": "2025-12-21T08:00:00Z",
}
SCORE: Final[dict[str, Any]] = {
    "one": {"summary": "One transaction, of a card of which nothing is known", "value": {"transaction": TRANSACTION}},
    "with_history": {
        "summary": "With what the card did before, and what became of it",
        "value": {"transaction": TRANSACTION, "history": BEFORE, "labels": [LABEL]},
    },
    "list": {
        "summary": "Several, folded in this order; the second is refused and disturbs nobody",
        "value": {
            "transactions": [BEFORE[0], BEFORE[1] | {"amount_minor": "20.00"}, TRANSACTION],
            "history": [],
            "labels": [],
            "complete_since": "2025-11-01T00:00:00Z",
        },
    },
}
VERDICTS: Final[dict[str, Any]] = {
    "one": {
        "summary": "A verdict on a transaction of the stream: what is not told is looked up there",
        "value": {"event_id": EVENT, "is_fraud": True, "source": "investigator"},
    },
    "list": {
        "summary": "Several, told in full",
        "value": {"labels": [{name: cell for name, cell in LABEL.items() if name != "timestamp"}]},
    },
}
