"""Everything compiled, or loaded from disk, before the first record is here: what comes later would wait for it."""

import json
from typing import Final

import numpy as np

from consumer.decision_headers import warm as warm_headers
from models.bank import Bank
from models.labels.rows import label_columns
from schemas.contracts import LABEL, TRANSACTION, Contract
from schemas.lot import Checks, Decoder, Lot, Raw
from schemas.lot.warm import warm as warm_decoder
from schemas.registry import Fingerprints
from schemas.writing import warm as warm_writer

AT_MS: Final = 1_700_000_000_000
CARD: Final = {"event_id": "e", "card_id": "c", "terminal_id": "t", "amount_minor": 1, "currency": "EUR"}
PAYMENT: Final = CARD | {
    "customer_id": "1",
    "country": "DE",
    "device_id": "d",
    "channel": "CHIP",
    "merchant_category": 5411,
    "latitude": 1.0,
    "longitude": 1.0,
}
VERDICT: Final = CARD | {"is_fraud": False, "source": "warm", "event_time": AT_MS}


def warm(bank: Bank) -> None:
    """A card of two payments and one verdict, in a memory of its own, taken apart and put together again."""
    warm_decoder()
    warm_writer()
    warm_headers()
    memory = bank.memory()
    memory.learn(label_columns(_decoded([VERDICT], LABEL).rows, bank.money))
    payments = [PAYMENT | {"event_id": str(number), "event_time": AT_MS + number} for number in range(2)]
    rows = _decoded(payments, TRANSACTION).rows
    memory.remember(rows)
    memory.see(rows)
    memory.cards.from_arrays(0, memory.cards.to_arrays(0))
    memory.cards.drop(0)


def _decoded(events: list[dict[str, object]], contract: Contract) -> Lot:
    count = len(events)
    raw = Raw(
        np.zeros(count, np.int32),
        np.arange(count, dtype=np.int64),
        np.full(count, AT_MS),
        [b"c"] * count,
        [json.dumps(each).encode() for each in events],
    )
    return Decoder(Fingerprints(), Checks(partitions=1), contract).decode(raw)
