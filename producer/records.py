"""Simulated records as Arrow columns: transactions, labels and the truth, each with its contract's types and names.

`timestamp` is the record's: when the transaction arrived, when the verdict was known.
"""

from typing import Final, Protocol

import numpy as np
import pyarrow as pa

from producer.aligned import Flags, Integers, Shorts
from producer.arrival import Deliveries
from producer.labels import Source, Verdicts
from producer.numbered import numbered
from producer.population import Population
from producer.scenarios import Scenario
from producer.terminals import CASH_CATEGORY, COUNTRIES
from schemas.contracts import LABEL, TRANSACTION
from schemas.lot.table import columns

TIMESTAMP: Final = pa.field("timestamp", pa.timestamp("ms", "UTC"), nullable=False)
TRANSACTIONS: Final = columns(TRANSACTION.schema).append(TIMESTAMP)
LABELS: Final = columns(LABEL.schema).append(TIMESTAMP)
TRUTHS: Final = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("is_fraud", pa.bool_(), nullable=False),
        pa.field("scenario", pa.string(), nullable=False),
    ]
)
CURRENCY: Final = "EUR"
EVENT_DIGITS: Final = 12
CHANNEL: Final = TRANSACTIONS.field("channel").type
CHANNELS: Final = pa.array(["UNKNOWN", "CHIP", "CONTACTLESS", "SWIPE", "ONLINE", "PHONE", "CASH"])
CHIP, CONTACTLESS, SWIPE, ONLINE, PHONE, CASH = range(1, 7)
CONTACTLESS_IN_32: Final = 19
SWIPE_IN_32: Final = 1
PHONE_IN_32: Final = 1
MEMOS: Final = pa.array(["subscription", "instalment"])
MEMO_IN_64: Final = 1


class Origin(Protocol):
    @property
    def people(self) -> Population: ...

    @property
    def prefix(self) -> str: ...


def transactions(origin: Origin, rows: Deliveries) -> pa.RecordBatch:
    people, places = origin.people, origin.people.terminals
    online = places.online[rows.terminal]
    category = places.category[rows.terminal]
    chance = _mixed(rows.number)
    return pa.RecordBatch.from_arrays(
        [
            numbered(origin.prefix, rows.number, EVENT_DIGITS),
            _times(rows.event_time),
            people.card_ids.take(pa.array(rows.card)),
            people.customer_ids.take(pa.array(rows.customer)),
            places.ids.take(pa.array(rows.terminal)),
            pa.array(rows.amount),
            pa.repeat(CURRENCY, len(rows)),
            pa.array(category),
            COUNTRY_CODES.take(pa.array(places.country[rows.terminal])),
            _channels(online, category == CASH_CATEGORY, chance % 32),
            numbered("device-", rows.device, 9, online),
            pa.array(places.latitude[rows.terminal], mask=online),
            pa.array(places.longitude[rows.terminal], mask=online),
            MEMOS.take(pa.array(chance // 32 % 2, mask=chance // 64 % 64 >= MEMO_IN_64)),
            _times(rows.arrival),
        ],
        schema=TRANSACTIONS,
    )


def labels(origin: Origin, rows: Verdicts) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [
            numbered(origin.prefix, rows.number, EVENT_DIGITS),
            origin.people.card_ids.take(pa.array(rows.card)),
            origin.people.terminals.ids.take(pa.array(rows.terminal)),
            pa.array(rows.amount),
            pa.repeat(CURRENCY, len(rows)),
            _times(rows.event_time),
            pa.array(rows.fraud),
            SOURCES.take(pa.array(rows.source)),
            _times(rows.known),
        ],
        schema=LABELS,
    )


def truths(origin: Origin, rows: Deliveries) -> pa.RecordBatch:
    """One row per event, at its first delivery."""
    firsts = rows.take(~rows.again)
    return pa.RecordBatch.from_arrays(
        [
            numbered(origin.prefix, firsts.number, EVENT_DIGITS),
            pa.array(firsts.scenario != Scenario.GENUINE),
            SCENARIOS.take(pa.array(firsts.scenario)),
        ],
        schema=TRUTHS,
    )


COUNTRY_CODES: Final = pa.array([each.code for each in COUNTRIES])
SOURCES: Final = pa.array([each.text for each in Source])
SCENARIOS: Final = pa.array([each.text for each in Scenario])


def _times(times: Integers) -> pa.Array:
    return pa.array(times).view(TIMESTAMP.type)


def _mixed(numbers: Integers) -> Integers:
    """Bits that look drawn, the same for every delivery of an event."""
    word = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (word >> np.uint64(40)).astype(np.int64)


def _channels(online: Flags, cash: Flags, chance: Integers) -> pa.DictionaryArray:
    at_counter = np.where(chance < CONTACTLESS_IN_32, CONTACTLESS, np.where(chance < 32 - SWIPE_IN_32, CHIP, SWIPE))
    from_afar = np.where(chance < PHONE_IN_32, PHONE, ONLINE)
    index: Shorts = np.where(online, from_afar, np.where(cash, CASH, at_counter))
    return pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int8)), CHANNELS)
