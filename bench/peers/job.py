"""The one job that every peer does, and the parts of it which are not a peer's own: contract, features, outputs.

    in     a record for each transaction: key card_id, value Avro in the single-object encoding, the contract of
           schemas/avro/transaction-v1.avsc, made by the product's simulator
    state  per card: how many transactions, and what they amount to, in the last hour, this one included; exact
    model  15 features in this order, a HistGradientBoostingClassifier of 100 trees with at most 31 leaves
    out    a record for each transaction: the same key, value = the score as 8 bytes, big-endian, then the event_id

The input is in order of event time and has no event twice, so that a window may forget what is an hour old: a peer
needs no allowance for late events. Everything is computed from whole numbers or by single operations of IEEE
doubles in a given order, so that scores of all peers can be compared bit by bit.

Needs fastavro, and what the standard library has, since it runs in the environments of all peers. Streams.java is its
twin.
"""  # noqa: INP001 - imported by the peers, which run as scripts

import argparse
import json
import pickle
import struct
from collections import deque
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from fastavro import parse_schema, schemaless_reader

CONTRACT: Final = Path(__file__).parents[2] / "schemas" / "avro" / "transaction-v1.avsc"
HEADER: Final = 10
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
UNKNOWN: Final = -1.0
NOWHERE: Final = -1_000.0
FEATURES: Final = (
    "amount",
    "minute_of_day",
    "weekday",
    "category",
    "channel",
    "country",
    "latitude",
    "longitude",
    "has_device",
    "is_round",
    "is_euro",
    "count_1h",
    "sum_1h",
    "amount_to_mean_1h",
    "share_of_sum_1h",
)
CHANNELS: Final = {
    name: float(place)
    for place, name in enumerate(("UNKNOWN", "CHIP", "CONTACTLESS", "SWIPE", "ONLINE", "PHONE", "CASH"))
}
Row = Mapping[str, Any]


def decoder() -> Callable[[bytes], Row]:
    """By fastavro, tuned: times stay numbers, since nobody needs a datetime."""
    schema = json.loads(CONTRACT.read_text())
    for field in schema["fields"]:
        if isinstance(field["type"], dict):
            field["type"].pop("logicalType", None)
    parsed = parse_schema(schema)

    def decode(value: bytes) -> Row:
        row: Row = schemaless_reader(BytesIO(value[HEADER:]), parsed, None)
        return row

    return decode


class Windows:
    """Transactions of the last hour, by card."""

    def __init__(self) -> None:
        self._cards: dict[str, tuple[deque[tuple[int, int]], list[int]]] = {}

    def add(self, card: str, at: int, amount: int) -> tuple[int, int]:
        """How many there are in (at - 1 h, at], this one included, and their sum."""
        known = self._cards.get(card)
        if known is None:
            known = self._cards[card] = (deque(), [0])
        entries, total = known
        entries.append((at, amount))
        total[0] += amount
        while entries[0][0] <= at - HOUR_MS:
            total[0] -= entries.popleft()[1]
        return len(entries), total[0]


def features(row: Row, count: int, total: int) -> list[float]:
    """In the order of FEATURES."""
    at, amount = row["event_time"], row["amount_minor"]
    category, country, channel = row["merchant_category"], row["country"], row["channel"]
    latitude, longitude = row["latitude"], row["longitude"]
    return [
        amount / 100,
        float(at // 60_000 % 1_440),
        float((at // DAY_MS + 4) % 7),
        UNKNOWN if category is None else float(category),
        UNKNOWN if channel is None else CHANNELS[channel],
        UNKNOWN if country is None else float((ord(country[0]) - 65) * 26 + ord(country[1]) - 65),
        NOWHERE if latitude is None else latitude,
        NOWHERE if longitude is None else longitude,
        0.0 if row["device_id"] is None else 1.0,
        1.0 if amount % 100 == 0 else 0.0,
        1.0 if row["currency"] == "EUR" else 0.0,
        float(count),
        total / 100,
        amount * count / total if total else 0.0,
        amount / total if total else 0.0,
    ]


def seen(row: Row, windows: Windows) -> list[float]:
    """The row is added to the window of its card."""
    return features(row, *windows.add(row["card_id"], row["event_time"], row["amount_minor"]))


def scored(event_id: str, score: float) -> bytes:
    return struct.pack(">d", score) + event_id.encode()


def read(value: bytes) -> tuple[bytes, float]:
    """Event and score of an output."""
    return value[8:], struct.unpack_from(">d", value)[0]


def model(material: Path) -> Any:  # noqa: ANN401 - scikit-learn's
    """The estimator itself; the file is the bench's own, made on this machine."""
    return pickle.loads((material / "model.pickle").read_bytes())  # noqa: S301


def arguments(about: str | None) -> argparse.Namespace:
    """What the harness tells every peer."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--group", required=True)
    parser.add_argument("--material", type=Path, required=True, help="folder with the model")
    parser.add_argument("--folder", type=Path, required=True, help="for state")
    parser.add_argument("--guarantee", choices=("exactly-once", "at-least-once"), default="at-least-once")
    parser.add_argument("--tuned", choices=("throughput", "latency"), default="throughput")
    parser.add_argument("--lot", type=int, default=1_000, help="most records taken at once, where a peer takes many")
    parser.add_argument("--bytes", type=int, default=0, help="least size of an output of the pass-through")
    return parser.parse_args()
